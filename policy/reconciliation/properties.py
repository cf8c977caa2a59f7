"""Properties: what else somebody's table says of a record, as a condition on ours."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db.models import Q

from policy.models.actors import Role
from policy.models.registry import RecordKind
from policy.search.words import fold

Meant = Callable[[RecordKind, str], Collection[str]]
"""Returns the keys of the records of a kind that a text means exactly."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property of some kinds of records, and the path to it from each."""

    id: str
    meaning: str
    paths: dict[RecordKind, str]
    of: RecordKind | None = None
    """The kind of the records that its values are, None for other values."""

    def condition(self, kind: RecordKind, values: Collection[str], meant: Meant) -> Q | None:
        """Return what holds of the records of a kind that have any of these values.

        None where none can: records of this kind have no such property, or a value means nothing.
        """
        path = self.paths.get(kind)
        found = {one for value in values for one in self._stored(value, meant)}
        return Q(**{f"{path}__in": sorted(found)}) if path and found else None

    def _stored(self, value: str, meant: Meant) -> Collection[str]:
        """Return what a column holds that a value means."""
        if self.of is not None:
            return meant(self.of, value)
        if self.id == "role":
            words = fold(value)
            return [role.value for role in Role if words in (fold(role.value), fold(role.label))]
        return [value.strip()]


OFFICIAL, ORGANISATION, COUNTRY = (
    RecordKind.OFFICIAL,
    RecordKind.ORGANISATION,
    RecordKind.COUNTRY,
)
PROPERTIES = {
    one.id: one
    for one in (
        Property(
            "country",
            "The country that a person serves, that an organisation belongs to, or that it is.",
            {OFFICIAL: "country", ORGANISATION: "country", COUNTRY: "pk"},
            COUNTRY,
        ),
        Property(
            "accredited_to",
            "A country that a person was sent to as a diplomat.",
            {OFFICIAL: "positions__accredited_to"},
            COUNTRY,
        ),
        Property(
            "organisation",
            "An organisation that a person held an office in.",
            {OFFICIAL: "positions__organisation"},
            ORGANISATION,
        ),
        Property(
            "role",
            "What kind of office a person held: a code of the vocabulary role, or its label.",
            {OFFICIAL: "positions__role"},
        ),
        Property(
            "same_as",
            "What a list outside of the dataset calls a person.",
            {OFFICIAL: "same_as__value"},
        ),
    )
}
"""The properties by their ids, in the order in which the documentation tells them."""
