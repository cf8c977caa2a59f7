"""Links to records, each called by the title of the record it leads to."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import Resolver404, resolve

from api.addresses import local
from api.keys import CountryField
from policy.models.registry import TITLES, RecordKind, list_name, served_models

NAMES = tuple(name for name in TITLES if name != "note")
"""What can call a record: a note says something about it."""
FEW = 500
"""How many titles one query asks for."""


@dataclass(slots=True)
class Link:
    """A link to a record, or a mere text without an address."""

    text: str
    href: str = ""


def title_of(record: dict[str, Any]) -> str:
    """Return what names a record: the best of its texts that can."""
    return str(next(filter(None, (record.get(name) for name in NAMES))))


class Links:
    """The links of a page, whose titles are looked up at once for each list."""

    def __init__(self) -> None:
        """Start without a link."""
        self._asked: dict[str, dict[str, Link]] = defaultdict(dict)

    def to(self, resource: str, key: str) -> Link:
        """Return the link to a record in the list of this name."""
        path = f"/api/v1/{resource}/{key}"
        href = local(path) if _leads_on(resource) else ""
        return self._asked[resource].setdefault(key, Link(key, href))

    def of_kind(self, kind: str, key: str) -> Link:
        """Return the link to a record of this kind; a mere text for a kind that is none."""
        if kind not in RecordKind.values:
            return Link(key)
        return self.to(list_name(served_models()[RecordKind(kind)]), key)

    def name(self) -> None:
        """Call each link by the title of its record, where there is such a record."""
        models = {list_name(model): model for model in served_models().values()}
        for resource, links in self._asked.items():
            model = models.get(resource)
            if model is None:
                continue
            names = [name for name in NAMES if name in {f.name for f in model._meta.fields}]
            for keys in _few(list(links)):
                rows = model._default_manager.filter(pk__in=keys).order_by()
                for key, *texts in rows.values_list("pk", *names):
                    links[key].text = str(next(filter(None, texts), key))


def kind_of_keys(item: Any) -> RecordKind | None:
    """Return the kind of record whose keys a parameter takes, None where it takes no keys."""
    kind: RecordKind | None = getattr(item, "kind", None)
    return RecordKind.COUNTRY if isinstance(item, CountryField) else kind


@cache
def _leads_on(resource: str) -> bool:
    """Return whether each record of a list has an address of its own."""
    try:
        resolve(f"/api/v1/{resource}/x")
    except Resolver404:
        return False
    return True


def _few(keys: list[str]) -> Sequence[list[str]]:
    return [keys[begin : begin + FEW] for begin in range(0, len(keys), FEW)]
