"""The bitmap index as a load makes it: of the records of each list, and of the words of entries."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from django.db.models import Model, QuerySet
from pyroaring import BitMap

from api.rendering.bitmaps import KINDS, WORDS, axis, bitmap_id
from policy.models import SearchEntry
from policy.models.registry import kind_of
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
    yield _row(bitmap_id(KINDS, kind), whole)
    for name, pairs in columns.items():
        bitmaps: dict[Any, BitMap] = defaultdict(BitMap)
        for number, value in _numbered(pairs, entries):
            bitmaps[bitmap_id(axis(model, name), value)].add(number)
        bitmaps[bitmap_id(axis(model, name), None)] = whole - BitMap().union(*bitmaps.values())
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
        _row(bitmap_id(WORDS, word), bits) for word, bits in bitmaps.items() if len(bits) >= COMMON
    )


def _words() -> Iterator[tuple[int, set[str]]]:
    """Yield the words of each entry, and what they begin with, after the mark of a title."""
    for entry, text in SearchEntry.objects.order_by("id").values_list("id", "words").iterator():
        words = {word for word in text.split() if len(word) <= LONGEST}
        for word in text.split():
            mark = TITLE if word[0] == TITLE else ""
            words.update(f"{word[: len(mark) + most]}*" for most in BEGINNINGS)
        yield entry, words


def _row(one: str, bits: BitMap) -> Row:
    bits.run_optimize()
    return one, len(bits), bits.serialize()
