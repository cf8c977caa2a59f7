"""Search entries: the text that each record is found by, derived when fixtures are built."""

from collections import defaultdict
from collections.abc import Iterator

from django.db import models

from policy.annotations.reading import Draft, Entry
from policy.models import SearchEntry
from policy.models.registry import TITLES, RecordKind, owner_key, served_as
from policy.search.index import TITLE
from policy.search.words import fold
from policy.validation import fields_of

CODES = {
    *("sha256", "language", "quotation_language", "numeric", "region", "subregion"),
    *("subject", "subject_part", "object", "object_part"),
}
"""Text fields that hold codes nobody looks for in words."""


def search_entries(draft: Draft) -> Iterator[Entry]:
    """Yield one entry per served record, in the order of kind and key, numbered from 1.

    The full-text index of SQLite returns hits in the order of these numbers.
    """
    texts: dict[tuple[RecordKind, str], list[str]] = defaultdict(list)
    titles: dict[tuple[RecordKind, str], str] = {}
    # A record comes before its parts, and these in the order of their keys.
    ordered = sorted(
        draft.entries.items(),
        key=lambda item: (owner_key(item[0][0]) or "", item[0][0].__name__, item[0][1]),
    )
    for (model, key), entry in ordered:
        served = served_as(model)
        if not served:
            continue
        kind, path = served
        owner = kind, owner_of(draft, entry)
        if path == "pk":
            title = next(filter(None, (entry.fields.get(name) for name in TITLES)), key)
            titles[owner] = str(title)[:300]
        texts[owner] += _prose(entry)
    for number, ((kind, key), title) in enumerate(sorted(titles.items()), 1):
        text = "\n".join(dict.fromkeys(texts[kind, key])) or title
        fields = {
            "kind": kind.value,
            "record": key,
            "title": title,
            "text": text,
            "words": indexed(title, f"{text} {key}"),
        }
        yield Entry(SearchEntry, str(number), fields, f"search {kind} {key}")


def owner_of(draft: Draft, entry: Entry) -> str:
    """Return the key of the record that an entry is served in, its own if it is no part."""
    name = owner_key(entry.model)
    if not name:
        return entry.key
    key, model = str(entry.fields.get(name)), entry.model._meta.get_field(name).related_model
    owner = draft.entries.get((model, key))  # type: ignore[arg-type]
    return owner_of(draft, owner) if owner else key


def indexed(title: str, text: str) -> str:
    """Return the words that an entry is found by: all of them, then those of the title, marked."""
    titled = {*fold(title)}
    marked = [f"{TITLE}{word}" for word in sorted(titled)]
    return " ".join([*sorted({*titled, *fold(text)}), *marked])


def _prose(entry: Entry) -> Iterator[str]:
    """Yield the texts of a record that say something, without its codes and hashes."""
    for name, field in fields_of(entry.model).items():
        value = entry.fields.get(name)
        if isinstance(field, models.JSONField) and isinstance(value, list):
            yield from (item for item in value if isinstance(item, str))
        elif (
            isinstance(value, str)
            and isinstance(field, models.CharField | models.TextField)
            and not field.choices
            and name not in CODES
        ):
            yield value
