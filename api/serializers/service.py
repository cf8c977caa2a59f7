"""What stands around records in an answer: problems and the counts of facets."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field({"type": "string", "format": "uri-reference"})
class AddressField(serializers.CharField):
    """An address that may be relative."""


@extend_schema_field({"type": ["string", "integer", "null"]})
class ValueField(serializers.Field):  # type: ignore[type-arg]
    """A value of any column that is counted by."""


class ParameterErrorSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What is wrong with one parameter of a request."""

    parameter = serializers.CharField(help_text="Name of the parameter.")
    detail = serializers.CharField(help_text="What is wrong with it.")
    nearest = serializers.CharField(
        allow_null=True, help_text="The allowed value most like the one given; may be null."
    )
    allowed = serializers.ListField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="Every allowed value; null where they cannot be listed.",
    )


class ProblemSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Problem details (RFC 9457)."""

    type = AddressField(help_text="Address of the page that explains this kind of problem.")
    title = serializers.CharField(help_text="The kind of problem in a few words.")
    status = serializers.IntegerField(help_text="The HTTP status code.")
    detail = serializers.CharField(help_text="What is wrong with this request.")
    instance = serializers.CharField(help_text="Path and query of the request.")
    errors = ParameterErrorSerializer(
        many=True, help_text="One entry per parameter that cannot be honoured."
    )  # type: ignore[assignment]


class FacetCountSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """How many records of a list have one value."""

    value = ValueField(help_text="The value; null for records without one.")
    count = serializers.IntegerField(help_text="Number of records that have it.")


class FacetsField(serializers.DictField):
    """For each facet that was asked for, the counts of its values, the most frequent first."""

    child = FacetCountSerializer(many=True)
