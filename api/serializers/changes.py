"""How releases and their changes are written in JSON."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.addresses import record_url
from api.serializers.base import RecordSerializer, Texts, help_of, names
from policy.models import Change, PublishedRelease
from policy.models.registry import RecordKind, list_name, served_models


class PublishedReleaseSerializer(RecordSerializer):
    content_hash = serializers.CharField(
        allow_null=True,
        help_text="SHA-256 over every record of the release in canonical JSON; null for the one "
        "that is loaded if it is modified.",
    )
    loaded = serializers.BooleanField(help_text="True for the release that is served.")
    modified = serializers.BooleanField(
        help_text="True for the one that is served if something other than load_release wrote to "
        "the tables."
    )
    added = serializers.IntegerField(help_text="Number of records that it added.")
    changed = serializers.IntegerField(help_text="Number of records that it changed.")
    removed = serializers.IntegerField(help_text="Number of records that it removed.")
    renamed = serializers.IntegerField(help_text="Number of records that it gave another key.")

    class Meta:
        model = PublishedRelease
        fields = names(
            "id released schema_version previous content_hash loaded modified note",
            "added changed removed renamed",
        )


class ChangeSerializer(RecordSerializer):
    fields = Texts(help_text=help_of(Change, "fields"))  # type: ignore[assignment]
    url = serializers.SerializerMethodField(
        help_text="Address of the record; of a removed one it tells that it is gone (410)."
    )

    class Meta:
        model = Change
        fields = names("id release change kind record former fields reason url")

    @extend_schema_field(OpenApiTypes.URI)
    def get_url(self, change: Any) -> str:
        """Return the address of the record in its own list."""
        resource = list_name(served_models()[RecordKind(change.kind)])
        return record_url(self.context["request"]._request, resource, change.record)
