"""A bitmap index: which records each value of a filter finds, and which search entries hold a word.

Records are numbered by their search entries. Each kind has a range of these numbers, in the order
of its keys, so that the bitmaps of all lists and of all words can be compared.
"""

import json
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from django.db import connections, router
from django.db.models import Model, QuerySet
from pyroaring import BitMap

from api.models import Bitmap
from policy.models import SearchEntry
from policy.models.registry import RecordKind, kind_of, list_name
from policy.search.hits import Hits
from policy.search.index import TITLE

COMMON = 200
"""So many entries hold each word that has a bitmap; those of any other are read from the index."""
LONGEST = 100
"""Greatest length of a word that has a bitmap, in code points."""
BEGINNINGS = (1, 2)
"""Lengths of the beginnings of words that have bitmaps too."""
COLUMNS = ("id", "records", "bits")
BUCKETS = 2**20

Row = tuple[str, int, bytes]
"""A bitmap as it is stored: its id, how many records it holds, and the records."""
Pairs = Iterable[tuple[str, Any]]
"""Keys of records, in their order, each with a value that the record has."""


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
        return [_id(self.axis, value) for value in self.values]

    @property
    def range(self) -> list[str]:
        """The ids between which those of its range are; null comes after all texts."""
        first, last = self.between
        return [
            _id(self.axis, first) if first else f'{self.axis}="',
            _id(self.axis, last) if last else f'{self.axis}="~',
        ]


def _id(axis: str, value: Any) -> str:
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
    rare = [each.values[0] for each in criteria if each.axis == WORDS and each.ids[0] not in found]
    if rare:
        kept &= BitMap(Hits(tuple(rare)).entries())
    for each in criteria:
        if each.axis == WORDS and each.values[0] in rare:
            continue
        if each.values:
            having = _union(found, each.ids)
        else:
            having = BitMap().union(*_read("id BETWEEN %s AND %s", each.range).values())
        kept = kept - having if each.excluded else kept & having
    return kept


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


def of_list(model: type[Model], columns: Mapping[str, Pairs]) -> Iterator[Row]:
    """Yield the bitmaps of a list, of all its records and of each value of each column.

    None where its search entries are not those of its records.
    """
    kind = kind_of(model)
    entries = SearchEntry.objects.filter(kind=kind).order_by("record").values_list("record", "id")
    keys = model._base_manager.order_by("pk").values_list("pk", flat=True)
    numbers = array("I")
    for key, entry in zip_longest(keys.iterator(), entries.iterator()):
        if not (entry and key == entry[0]):
            return
        numbers.append(entry[1])
    whole = BitMap(numbers)
    yield _row(_id(KINDS, kind), whole)
    for name, pairs in columns.items():
        bitmaps: dict[Any, BitMap] = defaultdict(BitMap)
        for number, value in _numbered(pairs, entries):
            bitmaps[_id(axis(model, name), value)].add(number)
        bitmaps[_id(axis(model, name), None)] = whole - BitMap().union(*bitmaps.values())
        yield from (_row(one, bits) for one, bits in bitmaps.items() if bits)


def _numbered(
    pairs: Pairs, entries: "QuerySet[SearchEntry, tuple[str, int]]"
) -> Iterator[tuple[int, Any]]:
    """Yield values with the numbers of records in place of their keys, which are in order."""
    found, key, number = iter(entries.iterator()), "", 0
    for record, value in pairs:
        while key != record:
            key, number = next(found)
        yield number, value


def of_words() -> Iterator[Row]:
    """Yield the bitmaps of common words, and of what words begin with, as ``ab*``.

    Words are counted by their hashes before, since most are rare, and many.
    """
    counted = array("I", bytes(4 * BUCKETS))
    for _, words in _words():
        for word in words:
            counted[hash(word) % BUCKETS] += 1
    bitmaps: dict[str, BitMap] = defaultdict(BitMap)
    for entry, words in _words():
        for word in words:
            if counted[hash(word) % BUCKETS] >= COMMON:
                bitmaps[word].add(entry)
    yield from (
        _row(_id(WORDS, word), bits) for word, bits in bitmaps.items() if len(bits) >= COMMON
    )


def _words() -> Iterator[tuple[int, set[str]]]:
    """Yield the words of each entry, and what they begin with."""
    for entry, text in SearchEntry.objects.order_by("id").values_list("id", "words").iterator():
        words = {word for word in text.split() if len(word) <= LONGEST and word[0] != TITLE}
        yield entry, words | {f"{word[:most]}*" for word in words for most in BEGINNINGS}


def _row(one: str, bits: BitMap) -> Row:
    bits.run_optimize()
    return one, len(bits), bits.serialize()
