"""Base classes of serializers: types of fields, evidence, facts."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.serializers import ModelSerializer

from api.rendering.fields import Reader, reader
from policy.models import Check, Passage, Sentence
from policy.models.base import Support
from policy.models.registry import RecordKind
from policy.models.relations import RelationSeen

FACT = "support note evidence"
RELATED = "superseded relations"
CHECKED = f"{RELATED} checks"


def uncertain(name: str) -> str:
    """Return the names of the keys of an uncertain time, with blanks between them."""
    parts = ("text", "earliest", "latest", "precision", "year_inferred")
    return " ".join(f"{name}_{part}" for part in parts)


TIME = uncertain("time")


def names(*texts: str) -> tuple[str, ...]:
    """Return the names in texts, which have blanks between them."""
    return tuple(" ".join(texts).split())


def parts(serializer: Callable[..., Any], help_text: str, **options: Any) -> Any:
    """Return the field of a list of records within a record."""
    return serializer(many=True, help_text=help_text, **options)


def help_of(model: type[Model], field: str) -> str:
    """Return the help text of a model's field, its one home."""
    return str(getattr(model._meta.get_field(field), "help_text"))  # noqa: B009


def column(kind: Callable[..., Any], model: type[Model], path: str, **options: Any) -> Any:
    """Return the field of a related row's column; ``path`` leads there, ``model`` explains it."""
    help_text = help_of(model, path.rpartition(".")[2])
    return kind(source=path, help_text=help_text, **options)


class Texts(serializers.ListField):
    """A list of texts."""

    child = serializers.CharField()


class RecordKey(serializers.CharField):
    """The key of a record, in a field that no foreign key of a model stands behind."""

    def __init__(self, model: type[Model], **options: Any) -> None:
        """Take the model of the record."""
        self.model = model
        super().__init__(**options)


class Number(serializers.FloatField):
    """A number; a whole one has no fraction in JSON."""

    def to_representation(self, value: Decimal | float) -> Any:
        """Return the number as JSON has it."""
        return int(value) if value == int(value) else float(value)


class Counts(serializers.DictField):
    """Numbers by name, sorted by name: PostgreSQL keeps the keys of JSON in an order of its own."""

    child = serializers.IntegerField()

    def to_representation(self, value: dict[str, int]) -> Any:
        """Return the numbers, sorted by name."""
        return super().to_representation(dict(sorted(value.items())))


class PlainSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A read-only serializer that decides how to read each field once, not for each record."""

    def to_representation(self, instance: Any) -> Any:
        """Return the record."""
        return {name: read(instance) for name, read in self._readers}

    @cached_property
    def _readers(self) -> list[tuple[str, Reader]]:
        return [(str(field.field_name), reader(field, self._model)) for field in self._only_read]

    @property
    def _only_read(self) -> list[Any]:
        return list(self._readable_fields)

    @property
    def _model(self) -> Any:
        return getattr(getattr(self, "Meta", None), "model", None)


class RecordSerializer(PlainSerializer, ModelSerializer):  # type: ignore[type-arg]
    """A record that is only ever read, so that every key is always there."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Take the description of a record from its model, the one home of its meaning."""
        super().__init_subclass__(**options)
        if "Meta" in vars(cls) and "__doc__" not in vars(cls):
            cls.__doc__ = cls.Meta.model.__doc__

    def get_extra_kwargs(self) -> dict[str, Any]:
        """Make every field read-only, whatever the model would allow to be written."""
        kwargs: dict[str, Any] = super().get_extra_kwargs()
        for name in self.Meta.fields:
            kwargs.setdefault(name, {})["read_only"] = True
        return kwargs


def of_sentence(name: str) -> Any:
    """Return the field of a passage for what its sentence says; null where it lies in none."""
    help_text = f"{help_of(Sentence, name).removesuffix('.')}; null for an entry of a register."
    return serializers.IntegerField(source=f"sentence.{name}", allow_null=True, help_text=help_text)


class EvidenceSerializer(RecordSerializer):
    paragraph = of_sentence("paragraph")
    sentence = of_sentence("number")
    text = serializers.CharField(
        allow_null=True,
        help_text="The exact text of the span, on an instance whose operator may show it; "
        "else null.",
    )

    class Meta:
        model = Passage
        fields = names("id source paragraph sentence start end entry quote sha256 text")


class CitationSerializer(PlainSerializer):
    """A record that rests on a passage, itself or with one of its parts."""

    kind = serializers.ChoiceField(RecordKind.choices, help_text="Kind of the record.")
    id = serializers.CharField(help_text="Key of the record.")


class FactSerializer(RecordSerializer):
    """A record that rests on passages."""

    evidence = parts(EvidenceSerializer, "The passages this fact rests on.")


class RelationToOtherSerializer(PlainSerializer):
    """How a record lies to another, seen from itself."""

    id = serializers.CharField(help_text="Key of the relation.")
    relation = serializers.ChoiceField(
        RelationSeen.choices, help_text="How this record lies to the other."
    )
    part = serializers.CharField(
        allow_null=True, help_text="Key of the part of this record that is meant; null for all."
    )
    other_kind = serializers.ChoiceField(RecordKind.choices, help_text="Kind of the other record.")
    other = serializers.CharField(help_text="Key of the other record.")
    other_part = serializers.CharField(
        allow_null=True, help_text="Key of the part of the other that is meant; null for all."
    )
    support = serializers.ChoiceField(
        Support.choices, help_text="How firmly the source carries the relation."
    )
    note = serializers.CharField(
        allow_null=True, help_text="What a reader must know of the relation; or null."
    )


class RelatedSerializer(RecordSerializer):
    """A record that other records may contradict, correct or confirm."""

    superseded = serializers.BooleanField(
        help_text="True if another record corrects or retracts this one as a whole."
    )
    relations = parts(RelationToOtherSerializer, "How it lies to other records.")


class CheckOfClaimSerializer(RecordSerializer):
    check = RecordKey(Check, source="id", read_only=True, help_text="Key of the check.")

    class Meta:
        model = Check
        fields = names("check rule verdict finding")


class RelatedFactSerializer(FactSerializer, RelatedSerializer):
    """A record that rests on passages, and that others may contradict, correct or confirm."""


class ClaimSerializer(RelatedFactSerializer):
    """A record whose claim may be compared with a register."""

    checks = parts(CheckOfClaimSerializer, "What registers say to what it claims.")
