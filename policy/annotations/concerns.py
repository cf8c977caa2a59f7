"""Concerns: which countries each statement concerns, derived by the build to avoid joins."""

from collections.abc import Iterator

from policy.annotations.reading import Draft, Entry
from policy.models import Concern, Official, Organisation, Statement


def concerns(draft: Draft) -> Iterator[Entry]:
    """Yield an entry for each country that each statement concerns."""
    of_country = {
        speaking.key: speaking.fields.get("country")
        for model in (Official, Organisation)
        for speaking in draft.of(model)
    }
    for statement in draft.of(Statement):
        voice = statement.fields.get("speaker") or statement.fields.get("attributed_organisation")
        yield from concerns_of(statement, of_country.get(str(voice)))


def concerns_of(statement: Entry, of_country: str | None) -> Iterator[Entry]:
    """Yield the entries of one statement; ``of_country`` is that of who speaks."""
    fields = statement.fields
    countries = {*fields.get("about", ()), fields.get("attributed_country"), of_country} - {None}
    for country in sorted(countries):
        key = f"{statement.key}-{country.lower()}"
        named = {"statement": statement.key, "country": country, "topic": fields["topic"]}
        yield Entry(Concern, key, named, f"concern {key}")
