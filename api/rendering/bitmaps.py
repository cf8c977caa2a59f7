"""A bitmap index: which records each value of a filter finds, and which search entries hold a word.

Records are numbered by their search entries. Each kind has a range of these numbers, in the order
of its keys, so that the bitmaps of all lists and of all words can be compared.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connections, router
from django.db.models import Model
from pyroaring import BitMap

from api.models import Bitmap
from policy.models import SearchEntry
from policy.models.registry import RecordKind, kind_of, list_name
from policy.search.hits import Hits
from policy.search.index import TITLE


def axis(model: type[Model], name: str) -> str:
    """Return what the ids of the bitmaps of a filter begin with."""
    return f"{list_name(model)}?{name}"


KINDS = axis(SearchEntry, "kind")
WORDS = axis(SearchEntry, "q")


class Criterion(NamedTuple):
    """A condition of which the index tells: a record has any of some values, or none of them.

    In place of single values it may name the first and the last of a range, either of them None.
    """

    axis: str
    values: Sequence[Any] = ()
    excluded: bool = False
    between: tuple[Any, Any] = (None, None)

    @property
    def ids(self) -> list[str]:
        """The ids of the bitmaps of its values."""
        return [bitmap_id(self.axis, value) for value in self.values]

    @property
    def range(self) -> list[str]:
        """The ids between which those of its range are; null comes after all texts."""
        first, last = self.between
        return [
            bitmap_id(self.axis, first) if first else f'{self.axis}="',
            bitmap_id(self.axis, last) if last else f'{self.axis}="~',
        ]


def bitmap_id(axis: str, value: Any) -> str:
    """Return the id of the bitmap of a value."""
    return f"{axis}={json.dumps(value, ensure_ascii=False, default=str)}"


def matching(model: type[Model], criteria: Sequence[Criterion]) -> BitMap | None:
    """Return the records that meet all criteria, None where the index does not hold the model.

    Raises django.db.Error.
    """
    kind = kind_of(model)
    whole = Criterion(KINDS, [kind] if kind else [*RecordKind])
    wanted = list(dict.fromkeys(one for each in (whole, *criteria) for one in each.ids))
    found = _read(f"id IN ({', '.join(['%s'] * len(wanted))})", wanted)
    kept = _union(found, whole.ids)
    if not kept or not (kind or model is SearchEntry):
        return None
    words = [each.values[0] for each in criteria if each.axis == WORDS]
    if words:
        kept &= holding(words)
    for each in criteria:
        if each.axis == WORDS:
            continue
        if each.values:
            having = _union(found, each.ids)
        else:
            having = BitMap().union(*_read("id BETWEEN %s AND %s", each.range).values())
        kept = kept - having if each.excluded else kept & having
    return kept


def holding(words: Sequence[str], *, titled: bool = False) -> BitMap:
    """Return the entries that hold all of some words, or whose title does; ``abc*`` is a prefix.

    Raises django.db.Error.
    """
    ids = {word: bitmap_id(WORDS, f"{TITLE}{word}" if titled else word) for word in words}
    found = _read(f"id IN ({', '.join(['%s'] * len(ids))})", list(ids.values()))
    rare = tuple(word for word, one in ids.items() if one not in found)
    parts = [*found.values(), *([BitMap(Hits(rare).entries(titled=titled))] if rare else [])]
    return parts[0].intersection(*parts[1:])


def bitmap_of(criterion: Criterion) -> list[BitMap]:
    """Return the records with each of some values, in the order of these."""
    found = _read(f"id IN ({', '.join(['%s'] * len(criterion.values))})", criterion.ids)
    return [found.get(one, BitMap()) for one in criterion.ids]


def values_on(axis: str) -> list[Any]:
    """Return the values on an axis, None among them where some record has none."""
    return [value for value, _ in counts(axis, None)]


def counts(axis: str, records: BitMap | None) -> Iterator[tuple[Any, int]]:
    """Yield each value on an axis, and how many of some records have it, of all if not told which.

    None stands for no value. Raises django.db.Error.
    """
    bounds = "id >= %s AND id < %s", [f"{axis}=", f"{axis}>"]
    if records is None:
        found = dict(_rows("records", *bounds))
    else:
        bitmaps = _read(*bounds)
        found = {one: bits.intersection_cardinality(records) for one, bits in bitmaps.items()}
    for one, number in found.items():
        if number:
            yield json.loads(one.removeprefix(f"{axis}=")), number


def _rows(column: str, condition: str, values: Sequence[Any]) -> list[tuple[str, Any]]:
    sql = f"SELECT id, {column} FROM {Bitmap._meta.db_table} WHERE {condition}"  # noqa: S608
    with connections[router.db_for_read(Bitmap)].cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _read(condition: str, values: Sequence[Any]) -> dict[str, BitMap]:
    found = _rows("bits", condition, values)
    return {one: BitMap.deserialize(bytes(bits)) for one, bits in found}


def _union(found: Mapping[str, BitMap], ids: Iterable[str]) -> BitMap:
    return BitMap().union(*(found[one] for one in ids if one in found))
