"""A bitmap index: which records each value of a filter finds, and which search entries hold a word.

Records are numbered by their search entries. Each kind has a range of these numbers, in the order
of its keys, so that the bitmaps of all lists and of all words can be compared.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any, NamedTuple

from django.db import connections, router
from django.db.models import Model
from pyroaring import BitMap

from api.models import Bitmap
from api.problems import UnavailableError
from policy.models import SearchEntry
from policy.models.registry import RecordKind, kind_of, list_name
from policy.search.hits import entries_holding
from policy.search.index import TITLE


def axis(model: type[Model], name: str) -> str:
    """Return what the ids of the bitmaps of a filter begin with."""
    return f"{list_name(model)}?{name}"


KINDS = axis(SearchEntry, "kind")
WORDS = axis(SearchEntry, "q")


class Criterion(NamedTuple):
    """A condition of which the index tells: a record has any of some values, or none of them.

    In place of single values it may name the first or the last day of a range.
    """

    axis: str
    values: Sequence[Any] = ()
    excluded: bool = False
    first: date | None = None
    last: date | None = None

    @property
    def ids(self) -> list[str]:
        """The ids of the bitmaps of its values."""
        return [bitmap_id(self.axis, value) for value in self.values]

    @property
    def ranges(self) -> list[tuple[str, str]]:
        """The ids between which the bitmaps of its range are, of days, months and years.

        What is begun by the first or the last day is told by the days or months within.
        """
        day, found = str(self.first or self.last), []
        for (unit, length), outer in zip(UNITS.items(), (7, 4, 0), strict=True):
            prefix, own = f'{self.axis}{unit}="', day[:length]
            within = prefix + day[:outer]
            if self.first:
                found.append((f"{prefix}{own}{'~' if unit else ''}", f"{within}~"))
            else:
                found.append((within, f"{prefix}{own}{'' if unit else '~'}"))
        return found


UNITS = {"": 10, ":month": 7, ":year": 4}
"""What the names of columns of days have behind them for longer times, and how long these are."""


def bitmap_id(axis: str, value: Any) -> str:
    """Return the id of the bitmap of a value."""
    return f"{axis}={json.dumps(value, ensure_ascii=False, default=str)}"


def matching(model: type[Model], criteria: Sequence[Criterion]) -> BitMap | None:
    """Return the records that meet all criteria, None where the index does not hold the model.

    Raises django.db.Error.
    """
    return matching_each({model: criteria})[model]


def matching_each(
    asked: Mapping[type[Model], Sequence[Criterion]],
) -> dict[type[Model], BitMap | None]:
    """Return the records of some models that meet the criteria of each, as ``matching`` does."""
    wholes = {model: Criterion(KINDS, _kinds(model)) for model in asked}
    every = [*wholes.values(), *chain.from_iterable(asked.values())]
    wanted = list(dict.fromkeys(one for each in every if each.axis != WORDS for one in each.ids))
    found = _of(wanted)
    return {model: _meeting(found, wholes[model], criteria) for model, criteria in asked.items()}


def _kinds(model: type[Model]) -> list[RecordKind]:
    """Return the kinds of the records of a model, of which search entries have all."""
    if model is SearchEntry:
        return [*RecordKind]
    kind = kind_of(model)
    return [kind] if kind else []


def _meeting(
    found: Mapping[str, BitMap], whole: Criterion, criteria: Sequence[Criterion]
) -> BitMap | None:
    """Return the records that meet all criteria; ``whole`` are all that there are."""
    if not (whole.ids and found.keys() >= {*whole.ids}):
        return None
    kept = _union(found, whole.ids)
    if words := [each.values[0] for each in criteria if each.axis == WORDS]:
        kept &= holding(words)
    for each in criteria:
        if each.axis == WORDS:
            continue
        having = _union(found, each.ids) if each.values else _within(each)
        kept = kept - having if each.excluded else kept & having
    return kept


def _within(criterion: Criterion) -> BitMap:
    """Return the records with a day in a range: those of days, and of whole months and years."""
    ranges = criterion.ranges
    condition = " OR ".join(["id BETWEEN %s AND %s"] * len(ranges))
    return BitMap().union(*_read(condition, list(chain.from_iterable(ranges))).values())


def holding(words: Sequence[str], *, titled: bool = False) -> BitMap:
    """Return the entries that hold all of some words, or whose title does; ``abc*`` is a prefix.

    Raises django.db.Error.
    """
    ids = {word: bitmap_id(WORDS, f"{TITLE}{word}" if titled else word) for word in words}
    found = _of(list(ids.values()))
    rare = tuple(word for word, one in ids.items() if one not in found)
    parts = [*found.values(), *([BitMap(entries_holding(rare, titled=titled))] if rare else [])]
    return parts[0].intersection(*parts[1:])


def bitmap_of(criterion: Criterion) -> list[BitMap]:
    """Return the records with each of some values, in the order of these."""
    found = _of(criterion.ids)
    return [found.get(one, BitMap()) for one in criterion.ids]


def on_axis(axis: str) -> dict[Any, BitMap]:
    """Return each value on an axis with the records that have it."""
    return {_value(one): bits for one, bits in _read(ON_AXIS, _bounds(axis)).items()}


def values_on(axis: str) -> list[Any]:
    """Return the values on an axis, None among them where some record has none."""
    return [_value(one) for one, _ in _rows("records", ON_AXIS, _bounds(axis))]


def is_held(axis: str) -> bool:
    """Return whether the index holds an axis: each record has a value on it, or None."""
    return bool(_rows("records", f"{ON_AXIS} LIMIT 1", _bounds(axis)))


def counts(axis: str, records: BitMap | None) -> Iterator[tuple[Any, int]]:
    """Yield each value on an axis, and how many of some records have it, of all if not told which.

    None stands for no value. Raises django.db.Error.
    """
    if records is None:
        found = _rows("records", ON_AXIS, _bounds(axis))
        yield from ((_value(one), number) for one, number in found)
        return
    for value, bits in on_axis(axis).items():
        if number := bits.intersection_cardinality(records):
            yield value, number


ON_AXIS = "id >= %s AND id < %s"


def _bounds(axis: str) -> list[str]:
    return [f"{axis}=", f"{axis}>"]


def _value(one: str) -> Any:
    """Return the value that a bitmap is of, by its id."""
    text = one[one.index("=") + 1 :]
    # Most are plain texts, which take a tenth of the time without a decoder.
    return text[1:-1] if text[0] == '"' and "\\" not in text else json.loads(text)


def _rows(column: str, condition: str, values: Sequence[Any]) -> list[tuple[str, Any]]:
    sql = f"SELECT id, {column} FROM {Bitmap._meta.db_table} WHERE {condition}"  # noqa: S608
    with connections[router.db_for_read(Bitmap)].cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _of(ids: Sequence[str]) -> dict[str, BitMap]:
    """Return the bitmaps of some ids, by these, where there are such bitmaps."""
    # PostgreSQL refuses an empty list.
    return _read(f"id IN ({', '.join(['%s'] * len(ids))})", ids) if ids else {}


def _read(condition: str, values: Sequence[Any]) -> dict[str, BitMap]:
    found = _rows("bits", condition, values)
    try:
        return {one: BitMap.deserialize(bytes(bits)) for one, bits in found}
    except ValueError as damaged:
        raise UnavailableError(
            "The bitmap index was written to by something other than load_release: the operator "
            "has to run manage.py load_release --full."
        ) from damaged


def _union(found: Mapping[str, BitMap], ids: Iterable[str]) -> BitMap:
    return BitMap().union(*(found[one] for one in ids if one in found))
