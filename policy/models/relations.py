"""Relations: how one record lies to another, such as a correction to what it corrects."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import ClassVar, NamedTuple

from django.db import models
from django.db.models import Q, QuerySet

from policy.models.base import OPTIONAL, Fact, Key, Text, code_field
from policy.models.registry import RecordKind
from policy.vocabulary import Vocabulary


class RelationType(Vocabulary):
    """How the subject of a relation lies to its object."""

    CONTRADICTS = "contradicts", "The two cannot both be so; neither is known to be wrong."
    CORRECTS = (
        "corrects",
        "The source of the subject says that the object was wrong.",
    )
    RETRACTS = "retracts", "The source of the subject takes the object back."
    CONFIRMS = "confirms", "The subject says the same as the object, in another voice or source."
    CONTINUES = "continues", "The subject is what became of the object later."
    ANSWERS = "answers", "The subject tells what the object, a gap, asks."


class RelationSeen(Vocabulary):
    """How a record lies to another, seen from itself."""

    CONTRADICTS = "contradicts", "The two cannot both be so; neither is known to be wrong."
    CORRECTS = "corrects", "It corrects the other."
    CORRECTED_BY = "corrected_by", "The other corrects it."
    RETRACTS = "retracts", "It takes the other back."
    RETRACTED_BY = "retracted_by", "The other takes it back."
    CONFIRMS = "confirms", "It says the same as the other, in another voice or source."
    CONFIRMED_BY = "confirmed_by", "The other says the same, in another voice or source."
    CONTINUES = "continues", "It is what became of the other later."
    CONTINUED_BY = "continued_by", "The other is what became of it later."
    ANSWERS = "answers", "It tells what the other asks."
    ANSWERED_BY = "answered_by", "The other tells what it asks."


SEEN_FROM_OBJECT = {
    RelationType.CONTRADICTS: RelationSeen.CONTRADICTS,
    RelationType.CORRECTS: RelationSeen.CORRECTED_BY,
    RelationType.RETRACTS: RelationSeen.RETRACTED_BY,
    RelationType.CONFIRMS: RelationSeen.CONFIRMED_BY,
    RelationType.CONTINUES: RelationSeen.CONTINUED_BY,
    RelationType.ANSWERS: RelationSeen.ANSWERED_BY,
}
SUPERSEDING = (RelationType.CORRECTS, RelationType.RETRACTS)
"""The relations whose object is no longer what its source, or a better one, says."""
ENDS = ("subject", "object")


class Relation(Fact):
    """How one record lies to another; both are still served, and show it."""

    record_kind: ClassVar = RecordKind.RELATION

    id = Key("Slug of the relation, stable for good.")
    relation = code_field(RelationType, "How the subject lies to the object.")
    subject_kind = code_field(RecordKind, "Kind of the record that the relation is said of.")
    subject = Text("Key of that record.", max_length=120)
    subject_part = Text(
        "Key of the part of that record that is meant, such as a figure; null for the whole.",
        max_length=200,
        **OPTIONAL,
    )
    object_kind = code_field(RecordKind, "Kind of the other record.")
    object = Text("Key of the other record.", max_length=120)
    object_part = Text(
        "Key of the part of the other record that is meant; null for the whole.",
        max_length=200,
        **OPTIONAL,
    )

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=[end, f"{end}_kind", "relation"], name=f"policy_relation_{end}")
            for end in ENDS
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="policy_relation_answers",
                condition=~Q(relation=RelationType.ANSWERS) | Q(object_kind=RecordKind.GAP),
                violation_error_message='What is answered is a gap: give object_kind = "gap".',
            ),
        ]


class RelationToOther(NamedTuple):
    """A relation of a record, seen from itself."""

    id: str
    relation: RelationSeen
    part: str | None
    other_kind: str
    other: str
    other_part: str | None
    support: str
    note: str | None


def _seen_from(relation: Relation, end: str) -> RelationToOther:
    other = "object" if end == "subject" else "subject"
    kind = RelationType(relation.relation)
    seen = RelationSeen(kind.value) if end == "subject" else SEEN_FROM_OBJECT[kind]
    return RelationToOther(
        relation.pk,
        seen,
        getattr(relation, f"{end}_part"),
        getattr(relation, f"{other}_kind"),
        getattr(relation, other),
        getattr(relation, f"{other}_part"),
        relation.support,
        relation.note,
    )


def relations_of(kind: RecordKind, keys: Collection[str]) -> dict[str, list[RelationToOther]]:
    """Return the relations of records of one kind by their keys, whichever end they stand at."""
    found: dict[str, list[RelationToOther]] = defaultdict(list)
    at_an_end = Q(subject_kind=kind, subject__in=keys) | Q(object_kind=kind, object__in=keys)
    for relation in Relation.objects.filter(at_an_end):
        for end in ENDS:
            if getattr(relation, f"{end}_kind") == kind:
                found[getattr(relation, end)].append(_seen_from(relation, end))
    return found


def superseded(kind: RecordKind) -> "QuerySet[Relation, str]":
    """Return the keys of the records of a kind that another corrects or retracts as a whole."""
    whole = Relation.objects.order_by().filter(object_kind=kind, object_part=None)
    return whole.filter(relation__in=SUPERSEDING).values_list("object", flat=True)


def is_superseded(relations: Iterable["RelationToOther"]) -> bool:
    """Tell whether a record with these relations is corrected or retracted as a whole."""
    gone = {SEEN_FROM_OBJECT[relation] for relation in SUPERSEDING}
    return any(one.relation in gone and one.part is None for one in relations)


def related(kind: RecordKind, seen: Iterable[str]) -> Q:
    """Return the condition that records of a kind have any of these relations, seen from them."""
    condition = Q(pk__in=[])
    for relation in RelationType:
        ends = []
        if relation.value in seen:
            ends.append("subject")
        if SEEN_FROM_OBJECT[relation].value in seen:
            ends.append("object")
        for end in ends:
            at_end = {"relation": relation, f"{end}_kind": kind}
            condition |= Q(pk__in=Relation.objects.order_by().filter(**at_end).values(end))
    return condition
