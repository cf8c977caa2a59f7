"""Coverage: which records rest on a passage, and so on each sentence of a source."""

from collections import defaultdict
from dataclasses import dataclass

from django.apps import apps
from django.db.models import F, QuerySet

from policy.models import Passage, Sentence
from policy.models.registry import RecordKind, served_as


@dataclass(frozen=True, slots=True, order=True)
class Citation:
    """A record that rests on a passage, itself or with one of its parts."""

    kind: RecordKind
    id: str


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the ledger, with its passages and what rests on them."""

    sentence: Sentence
    passages: list[str]
    citations: list[Citation]


def citations(passages: QuerySet[Passage]) -> dict[str, list[Citation]]:
    """Return what rests on each of these passages, by the key of the passage, sorted.

    A part, such as a side of an issue, is told as the record it is served in.
    """
    found: dict[str, set[Citation]] = defaultdict(set)
    for model in apps.get_app_config("policy").get_models():
        served = served_as(model)
        if not served or not any(field.name == "evidence" for field in model._meta.many_to_many):
            continue
        kind, path = served
        rows = (
            model._default_manager.order_by()
            .filter(evidence__in=passages.order_by().values("pk"))
            .values_list("evidence", F(path))
        )
        for passage, key in rows:
            found[passage].add(Citation(kind, key))
    return {passage: sorted(cited) for passage, cited in found.items()}


def ledger(source: str) -> list[Line]:
    """Return every sentence of a source in order, with the records that rest on it.

    A register has none.
    """
    passages: dict[str, list[str]] = defaultdict(list)
    located = Passage.objects.filter(source=source, sentence__isnull=False)
    for sentence, passage in located.values_list("sentence_id", "pk"):
        passages[str(sentence)].append(passage)
    cited = citations(located)
    return [
        Line(
            sentence,
            passages[sentence.pk],
            sorted({one for passage in passages[sentence.pk] for one in cited.get(passage, [])}),
        )
        for sentence in Sentence.objects.filter(source=source)
    ]
