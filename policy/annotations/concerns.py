"""Concerns: which countries each statement concerns, derived by the build to avoid joins."""

from collections.abc import Iterator, Sequence

from django.db.models import Q, QuerySet

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


def concerns_for(countries: Sequence[str], topics: Sequence[str] = ()) -> QuerySet[Concern]:
    """Return the concerns of any of these countries, narrowed to these topics if there are any."""
    found = Concern.objects.order_by().filter(country__in=countries)
    return found.filter(topic__in=topics) if topics else found


def concerning(countries: Sequence[str], topics: Sequence[str] = ()) -> Q:
    """Return the condition on statements: they concern any of these countries.

    ``topics`` only narrows the subquery: the caller must filter the statements by topic as well.
    """
    return Q(pk__in=concerns_for(countries, topics).values("statement"))
