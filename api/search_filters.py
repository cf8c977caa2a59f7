"""The filter for words, and the search entries that hold them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import IntegerField, Model, OuterRef, QuerySet, Subquery

from api.filters import ValuesFilter
from api.parameters import WordsField
from api.problems import UnavailableError
from api.rendering.bitmaps import WORDS, Criterion
from api.rendering.indexing import Pairs
from policy.models.registry import kind_of
from policy.search.hits import matching
from policy.search.live import StaleIndexError


def entries_with(words: Sequence[str]) -> QuerySet[Any]:
    """Return the search entries that hold all these words; raises UnavailableError."""
    try:
        return matching(words)
    except StaleIndexError as stale:
        raise UnavailableError(
            "The tables were written to by something other than load_release, and are too large to "
            "be searched without the index: the operator has to run manage.py load_release."
        ) from stale


class SearchFilter(ValuesFilter):
    """Words in the text of a record; a list then has the best match first."""

    many = False
    held = True

    def __init__(self, **options: Any) -> None:
        """Take the options of the field: every list is searched alike."""
        super().__init__(
            WordsField(**options),
            "",
            "Holds all these words, in any case and with or without accents; abc* "
            "stands for words that begin so. Records with all of them in the title come first "
            "unless ordering is given.",
        )

    def filter(self, qs: Any, value: Any) -> Any:
        """Narrow to the records that hold the words, or to their entries, each with its rank."""
        kind = kind_of(qs.model)
        if kind is None:
            # The list of entries itself, which begins with those that hold the words.
            return qs
        entries = entries_with(value).filter(kind=kind)
        ranks = entries.filter(record=OuterRef("pk")).values("rank")
        found = qs.filter(pk__in=entries.values("record"))
        # As an alias it is only made where the list is ordered by it.
        return found.alias(rank=Subquery(ranks[:1], output_field=IntegerField()))

    def criteria(self, model: type[Model], name: str, value: Any) -> Sequence[Criterion] | None:
        """Return the words, each of which has to be held."""
        return [Criterion(WORDS, [word]) for word in value]

    def indexed(self, model: type[Model], name: str) -> dict[str, Pairs | str]:
        """Return nothing: all lists have the same words, which are indexed once."""
        return {}
