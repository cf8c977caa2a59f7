"""Whether the tables hold the release they name, and what searches read if they do not."""

from policy.annotations.reading import Draft, Entry
from policy.annotations.search_entries import search_entries
from policy.models import Concern, Release, SearchEntry
from policy.release.contents import content_hash, release_models
from policy.release.stored import stored_entries

LIMIT = 20_000
"""Tables with more records than this take too long to be read while clients wait."""

DERIVED = (Concern, SearchEntry)
"""The models whose records the build derives from others."""


def records_in_tables(using: str) -> dict[str, list[Entry]] | None:
    """Return the records of every kind but the release, by file name, in the order of their keys.

    None if there are more than ``LIMIT``.
    """
    kinds = {name: model for name, model in release_models().items() if model is not Release}
    if sum(model._base_manager.using(using).count() for model in kinds.values()) > LIMIT:
        return None
    return {name: list(stored_entries(model, using)) for name, model in kinds.items()}


def is_release(found: dict[str, list[Entry]], release: Release) -> bool:
    """Tell whether these records are just those of the release."""
    records = (entry.record for entries in found.values() for entry in entries)
    return bool(content_hash(records) == release.content_hash)


def live_entries(found: dict[str, list[Entry]]) -> list[SearchEntry]:
    """Return the search entries of these records as the build would derive them."""
    draft = Draft(
        {
            (entry.model, entry.key): entry
            for entries in found.values()
            for entry in entries
            if entry.model not in DERIVED
        }
    )
    return [SearchEntry(id=int(entry.key), **entry.fields) for entry in search_entries(draft)]
