"""The bitmap index as a load makes it: of the records of each list, and of the words of entries."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice, zip_longest
from typing import Any

from django.db.models import Model, QuerySet
from pyroaring import BitMap

from api.rendering.bitmaps import KINDS, UNITS, WORDS, axis, bitmap_id
from policy.models import SearchEntry
from policy.models.registry import kind_of
from policy.search.index import TITLE

COMMON = 200
"""So many entries hold each word that has a bitmap; those of any other are read from the index."""
LONGEST = 100
"""Greatest length of a word that has a bitmap, in code points."""
BEGUN = 20_000
"""So many entries hold words that begin alike for the beginning to have a bitmap."""
BLOCK = 20_000
"""How many entries have their words listed before these are added to bitmaps."""
COLUMNS = ("id", "records", "bits")
BUCKETS = 2**20

Row = tuple[str, int, bytes]
"""A bitmap as it is stored: its id, how many records it holds, and the records."""
Having = dict[Any, "array[int]"]
"""The numbers of the records with each value."""
Pairs = Iterable[tuple[str, Any]]
"""Keys of records, in their order, each with a value that the record has."""


def of_list(model: type[Model], columns: Mapping[str, Pairs | str]) -> Iterator[Row]:
    """Yield the bitmaps of a list, of all its records and of each value of each column.

    A column is given as pairs, or as a path where each record has one value at most. None where
    the search entries of the list are not those of its records, numbered one after the other in
    the order of their keys.
    """
    kind = kind_of(model)
    entries = SearchEntry.objects.filter(kind=kind).order_by("record").values_list("record", "id")
    records = model._base_manager.order_by("pk")
    numbers = array("I")
    keys = records.values_list("pk", flat=True).iterator()
    for key, entry in zip_longest(keys, entries.iterator()):
        follows = entry and (not numbers or entry[1] == numbers[-1] + 1)
        if not (follows and key == entry[0]):
            return
        numbers.append(entry[1])
    whole = BitMap(numbers)
    yield _row(bitmap_id(KINDS, kind), whole)
    own = {name: found for name, found in columns.items() if isinstance(found, str)}
    for name, having in _of_paths(records, numbers, own):
        yield from _column(axis(model, name), having, whole)
    for name, pairs in columns.items():
        if not isinstance(pairs, str):
            yield from _column(axis(model, name), _listed(_numbered(pairs, entries)), whole)


def _of_paths(
    records: "QuerySet[Any]", numbers: "array[int]", paths: Mapping[str, str]
) -> "Iterator[tuple[str, Having]]":
    """Yield columns by their names, all read at once from some records, which are numbered."""
    found: list[Having] = [_listed(()) for _ in paths]
    rows = records.values_list(*paths.values()).iterator() if paths else ()
    for number, row in zip(numbers, rows, strict=bool(paths)):
        for having, value in zip(found, row, strict=True):
            if value is not None:
                having[value].append(number)
    yield from zip(paths, found, strict=True)


def _listed(pairs: Iterable[tuple[int, Any]]) -> "Having":
    having: Having = defaultdict(lambda: array("I"))
    for number, value in pairs:
        having[value].append(number)
    return having


def _column(axis: str, having: "Having", whole: BitMap) -> Iterator[Row]:
    """Yield the bitmaps of the values on an axis, of months and years of days, and of no value."""
    bitmaps = {value: BitMap(numbers) for value, numbers in having.items()}
    bitmaps[None] = whole - BitMap().union(*bitmaps.values())
    yield from (_row(bitmap_id(axis, value), bits) for value, bits in bitmaps.items() if bits)
    for unit, length in UNITS.items():
        longer: dict[str, BitMap] = defaultdict(BitMap)
        for value, bits in bitmaps.items():
            if unit and isinstance(value, date):
                longer[str(value)[:length]] |= bits
        yield from (_row(bitmap_id(f"{axis}{unit}", one), bits) for one, bits in longer.items())


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
    """Yield the bitmaps of common words, and of what many words begin with, as ``ab*``.

    Words are counted by their hashes before, since most are rare, and many.
    """
    counted = array("I", bytes(4 * BUCKETS))
    for one, entries in _words_and_beginnings():
        counted[hash(one) % BUCKETS] += len(entries)
    bitmaps: dict[str, BitMap] = defaultdict(BitMap)
    for one, entries in _words_and_beginnings():
        if counted[hash(one) % BUCKETS] >= _least(one):
            bitmaps[one].update(entries)
    for one, bits in bitmaps.items():
        if len(bits) >= _least(one):
            yield _row(bitmap_id(WORDS, one), bits)


def _least(word: str) -> int:
    return BEGUN if word[-1] == "*" else COMMON


def _words_and_beginnings() -> Iterator[tuple[str, "array[int]"]]:
    """Yield words and what they begin with, each as often as there are blocks, with its entries.

    A word of a title is marked, and so is what it begins with.
    """
    texts = SearchEntry.objects.order_by("id").values_list("id", "words").iterator()
    while block := list(islice(texts, BLOCK)):
        found = _listed((entry, word) for entry, text in block for word in text.split())
        for word, entries in found.items():
            if len(word) <= LONGEST:
                yield word, entries
                shortest = len(TITLE) + 1 if word[0] == TITLE else 1
                for length in range(shortest, len(word) + 1):
                    yield f"{word[:length]}*", entries


def _row(one: str, bits: BitMap) -> Row:
    bits.run_optimize()
    return one, len(bits), bits.serialize()
