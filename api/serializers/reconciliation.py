"""What the reconciliation service answers: its manifest, and candidates with reasons."""

from rest_framework import serializers


class EntityTypeSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A type of what can be reconciled."""

    id = serializers.CharField(help_text="Name of the list of its records.")
    name = serializers.CharField(help_text="What one of them is called.")


class ViewSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Where a record is shown."""

    url = serializers.CharField(help_text="The address, with {{id}} in place of the id.")


class ManifestSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """What the reconciliation service is, and what it takes."""

    versions = serializers.ListField(
        child=serializers.CharField(), help_text="The versions of the protocol it speaks."
    )
    name = serializers.CharField(help_text="Name of the service.")
    identifierSpace = serializers.CharField(  # noqa: N815 - the protocol names it
        help_text="What makes an address of an id when it stands before it."
    )
    schemaSpace = serializers.CharField(  # noqa: N815 - the protocol names it
        help_text="Where the types and properties are described."
    )
    documentation = serializers.CharField(help_text="Where the service is described.")
    serviceVersion = serializers.CharField(  # noqa: N815 - the protocol names it
        help_text="Version of the API."
    )
    defaultTypes = EntityTypeSerializer(  # noqa: N815 - the protocol names it
        many=True, help_text="The types there are."
    )
    view = ViewSerializer(help_text="Where a record is shown.")
    batchSize = serializers.IntegerField(  # noqa: N815 - the protocol names it
        help_text="How many queries a batch may have."
    )


class FeatureSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """One reason why a candidate fits, or does not, as a number or a truth value."""

    id = serializers.CharField(
        help_text="The form that fits (key, former_key, code, same_as, name, label, acronym, "
        "alias), words_missing, or property_ and the property."
    )
    name = serializers.CharField(help_text="The same in words.")
    value = serializers.JSONField(
        help_text="How well the form fits, from 0 to 100; how many words of the query are missing; "
        "whether the property agrees."
    )


class CandidateSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A record that a query may mean."""

    id = serializers.CharField(
        help_text="Name of the list and key of the record, such as officials/marco-rubio."
    )
    name = serializers.CharField(help_text="What to call the record.")
    description = serializers.CharField(
        help_text="Why it fits, and what tells it from its namesakes."
    )
    type = EntityTypeSerializer(many=True, help_text="The type of the record.")
    score = serializers.FloatField(help_text="How well it fits, from 0 to 100.")
    match = serializers.BooleanField(
        help_text="True where this record fits exactly and no other does."
    )
    features = FeatureSerializer(many=True, help_text="Why it fits, for programs.")


class ResultSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """The candidates for one query."""

    result = CandidateSerializer(many=True, help_text="The candidates, the best first.")
