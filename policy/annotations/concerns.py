"""Concerns: which countries each statement concerns, derived by the build to avoid joins."""

from collections.abc import Iterator

from policy.annotations.reading import Draft, Entry
from policy.models import Concern, Official, Statement


def concerns(draft: Draft) -> Iterator[Entry]:
    """Yield an entry for each country that each statement concerns."""
    serves = {official.key: official.fields.get("country") for official in draft.of(Official)}
    for statement in draft.of(Statement):
        yield from concerns_of(statement, serves.get(str(statement.fields.get("speaker"))))


def concerns_of(statement: Entry, served: str | None) -> Iterator[Entry]:
    """Yield the entries of one statement; ``served`` is the country that its speaker serves."""
    fields = statement.fields
    countries = {*fields.get("about", ()), fields.get("attributed_country"), served} - {None}
    for country in sorted(countries):
        key = f"{statement.key}-{country.lower()}"
        named = {"statement": statement.key, "country": country, "topic": fields["topic"]}
        yield Entry(Concern, key, named, f"concern {key}")
