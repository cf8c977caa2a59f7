"""Matching: the candidates for each query of a batch, the best first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from policy.models.registry import RecordKind, served_models
from policy.reconciliation.names import COLUMNS, EXACT, Fit, identified, in_list, named
from policy.reconciliation.properties import PROPERTIES
from policy.search.candidates import Shared, WordIndex
from policy.search.words import fold

KINDS = tuple(COLUMNS)
"""The kinds that can be reconciled."""
MOST_LIMIT = 25
"""How many candidates a query may ask for."""
USUAL_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Query:
    """One query: a text, the kinds it may mean, and what else is known, by id of the property."""

    text: str | None
    kinds: tuple[RecordKind, ...] = KINDS
    limit: int = USUAL_LIMIT
    properties: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that a query may mean: how well, and whether it alone fits exactly."""

    fit: Fit
    agrees: dict[str, bool]
    """Whether each property of the query agrees, by its id."""
    match: bool

    @property
    def score(self) -> float:
        """How well it fits, from 0 to 100; half of it hangs on the properties, if there are any."""
        return score_of(self.fit, self.agrees)


def score_of(fit: Fit, agrees: dict[str, bool]) -> float:
    """Return the score of a name with the properties that agree with it."""
    score = fit.best.score if fit.called else EXACT
    share = sum(agrees.values()) / len(agrees) if agrees else 1.0
    return round(score * (1 + share) / 2, 1)


class Matcher:
    """Finds candidates in one state of the tables; what is found out once is kept."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._index = cache(WordIndex)
        self.meant = cache(self._meant)

    def candidates(self, query: Query) -> list[Candidate]:
        """Return the candidates for a query, the best first and equal ones by kind and key.

        Raises StaleIndexError and django.db.Error.
        """
        fits, whole = self._fits(query)
        agrees: dict[tuple[str, str], dict[str, bool]] = {(fit.kind, fit.key): {} for fit in fits}
        for name, values in query.properties:
            for kind in query.kinds:
                keys = [fit.key for fit in fits if fit.kind == kind]
                holds = self._agreeing(name, kind, values, keys)
                for key in keys:
                    agrees[kind, key][name] = key in holds
        ranked = sorted(
            ((fit, agrees[fit.kind, fit.key]) for fit in fits),
            key=lambda pair: (-score_of(*pair), KINDS.index(pair[0].kind), pair[0].key),
        )
        exact = [
            fit for fit, held in ranked if (not fit.called or fit.exact) and all(held.values())
        ]
        alone = len(exact) == 1 and whole
        return [
            Candidate(fit, held, alone and fit is exact[0]) for fit, held in ranked[: query.limit]
        ]

    def _fits(self, query: Query) -> tuple[list[Fit], bool]:
        """Return the records that a query may mean, and whether none was left out."""
        if query.text is None:
            return self._with_properties(query)
        return self._called(query.text, query.kinds)

    def _called(self, text: str, kinds: Sequence[RecordKind]) -> tuple[list[Fit], bool]:
        """Return the records that are called by a text or a part of it."""
        # What is written as an id of ours is no name.
        words = [] if in_list(text)[0] else fold(text)
        shared: Shared = self._index(tuple(kinds)).sharing(words)
        found: list[Fit] = []
        for kind in kinds:
            fits = identified(kind, text)
            keys = [*fits, *(key for of, key in shared.places if of == kind)] if words else []
            for key, fit in named(kind, keys, text).items():
                fits.setdefault(key, Fit(kind, key)).called.extend(fit.called)
            found += fits.values()
        return found, shared.whole

    def _with_properties(self, query: Query) -> tuple[list[Fit], bool]:
        """Return the first records that have all the properties of a query without a text."""
        found: list[Fit] = []
        for kind in query.kinds:
            rows: Any = served_models()[kind]._base_manager.order_by("pk")
            for name, values in query.properties:
                condition = PROPERTIES[name].condition(kind, values, self.meant)
                same = rows.model._base_manager.filter(condition) if condition else rows.none()
                rows = rows.filter(pk__in=same.values("pk"))
            found += [Fit(kind, key) for key in rows.values_list("pk", flat=True)[: MOST_LIMIT + 1]]
        return found, True

    def _agreeing(
        self, name: str, kind: RecordKind, values: Collection[str], keys: Collection[str]
    ) -> set[str]:
        """Return those of some records of a kind that have a property with any of these values."""
        condition = PROPERTIES[name].condition(kind, values, self.meant) if keys else None
        if condition is None:
            return set()
        rows: Any = served_models()[kind]._base_manager.filter(condition, pk__in=keys)
        return {*rows.values_list("pk", flat=True)}

    def _meant(self, kind: RecordKind, text: str) -> frozenset[str]:
        """Return the keys of the records of a kind that a text means exactly."""
        found, _ = self._called(text, (kind,))
        return frozenset(fit.key for fit in found if fit.exact)
