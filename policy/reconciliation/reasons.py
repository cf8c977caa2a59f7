"""Reasons: why a candidate fits a query, as words for people and as numbers for programs."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from policy.models import Country, Official, Organisation, Position
from policy.models.registry import RecordKind
from policy.reconciliation.matching import Candidate, Query
from policy.reconciliation.names import EXACT, TURNED, Form
from policy.search.words import fold

MEANINGS: dict[Form, tuple[str, str]] = {
    Form.KEY: ("Key", "the key is"),
    Form.FORMER_KEY: ("Former key", "a key in an earlier release was"),
    Form.CODE: ("Code", "the code is"),
    Form.SAME_AS: ("Identifier in a list of others", "in a list of others the person is"),
    Form.NAME: ("Name", "the name"),
    Form.LABEL: ("Label", "the label"),
    Form.ACRONYM: ("Acronym", "the acronym"),
    Form.ALIAS: ("Alias", "an alias"),
}
"""What each form is called as a feature, and within a sentence."""
IDENTIFIERS = (Form.KEY, Form.FORMER_KEY, Form.CODE, Form.SAME_AS)
MISSING = "words_missing"


class Feature(NamedTuple):
    """A number or truth value that tells how well a candidate fits."""

    id: str
    name: str
    value: float | bool


def features(query: Query, candidate: Candidate) -> list[Feature]:
    """Return how well each form fits, the number of words it lacks, and what properties agree."""
    best: dict[Form, float] = {}
    for one in candidate.fit.called:
        best[one.form] = max(best.get(one.form, 0.0), one.score)
    found = [Feature(form, MEANINGS[form][0], best[form]) for form in Form if form in best]
    if query.text is not None:
        lacking = len(missing(query, candidate))
        found.append(Feature(MISSING, "Words of the query that the form lacks", lacking))
    for name, agrees in candidate.agrees.items():
        found.append(Feature(f"property_{name}", f"The property {name} agrees", agrees))
    return found


def missing(query: Query, candidate: Candidate) -> list[str]:
    """Return the words of a query that the form which fits best lacks, folded.

    Of a word that stands in the query more often than in the form, those that are too many.
    """
    if query.text is None or candidate.fit.best.form in IDENTIFIERS:
        return []
    return _without(fold(query.text), fold(candidate.fit.best.text))


def reason(query: Query, candidate: Candidate) -> str:
    """Return in a sentence why a candidate fits a query."""
    parts = [_of_name(query, candidate)] if query.text is not None else []
    agreeing = [name for name, agrees in candidate.agrees.items() if agrees]
    others = [name for name, agrees in candidate.agrees.items() if not agrees]
    if agreeing:
        parts.append(f"agrees in {', '.join(agreeing)}")
    if others:
        parts.append(f"does not agree in {', '.join(others)}")
    told = "; ".join(parts)
    return f"{told[:1].upper()}{told[1:]}."


def _of_name(query: Query, candidate: Candidate) -> str:
    best = candidate.fit.best
    said = MEANINGS[best.form][1]
    if best.form in IDENTIFIERS:
        return f"{said} {best.text}"
    if best.score == EXACT:
        return f"{said} is “{best.text}”"
    if best.score == TURNED:
        return f"{said} “{best.text}” has the same words in another order"
    asked, held = fold(query.text or ""), fold(best.text)
    lacking, besides = _without(asked, held), _without(held, asked)
    common = _without(asked, lacking)
    told = f"in part: {said} “{best.text}” has {_listed(common)}"
    told += f", lacks {_listed(lacking, common)}" if lacking else ""
    return told + (f", and has {_listed(besides, common)} besides" if besides else "")


def _without(words: list[str], others: list[str]) -> list[str]:
    """Return the words that are left when each of the others is taken out once."""
    return list((Counter(words) - Counter(others)).elements())


def _listed(words: list[str], before: Collection[str] = ()) -> str:
    """Return words for a sentence that has named those before already, each once."""
    return ", ".join(f"{'another ' * (word in before)}“{word}”" for word in dict.fromkeys(words))


def described(kind: RecordKind, keys: Iterable[str]) -> dict[str, str]:
    """Return what tells records of a kind from their namesakes, by key, where there is something.

    That is the newest office of a person with its years, the country of an organisation, the years
    of a former state.
    """
    keys = list(keys)
    if kind == RecordKind.OFFICIAL:
        return dict(_offices(keys))
    if kind == RecordKind.ORGANISATION:
        rows = Organisation.objects.filter(pk__in=keys).exclude(country=None)
        return dict(rows.values_list("pk", "country__name"))
    states = Country.objects.filter(pk__in=keys).exclude(existed_until=None)
    years = states.values_list("pk", "existed_from", "existed_until")
    return {key: f"A former state, {first or ''}–{last}" for key, first, last in years}


def _offices(keys: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each person with the country and the newest office, as far as its days are told."""
    offices: dict[str, list[Any]] = defaultdict(list)
    columns = ("official_id", "start_earliest", "end_latest", "appointed_earliest", "title")
    for key, *rest in Position.objects.filter(official__in=keys).values_list(*columns):
        offices[key].append(rest)
    countries = dict(Official.objects.filter(pk__in=keys).values_list("pk", "country__name"))
    for key in keys:
        told = [countries.get(key)]
        if key in offices:
            start, end, _, title = max(
                offices[key],
                key=lambda one: (str(one[0] or one[1] or one[2] or ""), str(one[1] or ""), one[3]),
            )
            if start and end and start <= end:
                title = f"{title} ({start.year}–{end.year})"
            elif start or end:
                title = f"{title} ({f'from {start.year}' if start else f'until {end.year}'})"
            told.append(title)
        if any(told):
            yield key, ", ".join(filter(None, told))
