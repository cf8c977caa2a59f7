"""What a release holds: the kinds of its records, their files, and the hash over them."""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from policy.models import PassageText, Release, StateMark
from policy.models.registry import list_name

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))

APART: frozenset[type[models.Model]] = frozenset({PassageText, StateMark})
"""The models whose rows are in no release: an operator or the database makes them."""

UNCOUNTED = frozenset({"release", "releases", "changes", "search_entries", "concerns", "codes"})
"""The files whose records are none of the dataset's own, so that no count tells of them."""


@cache
def file_name(model: type[models.Model]) -> str:
    """Return the name of a model's fixture file, without its ending: bilateral_issues."""
    return "release" if model is Release else list_name(model).replace("-", "_")


@cache
def release_models() -> dict[str, type[models.Model]]:
    """Return the models of a release by the names of their files, in the order of the names."""
    found = {
        file_name(model): model
        for model in apps.get_app_config("policy").get_models()
        if model not in APART
    }
    return dict(sorted(found.items()))


def canonical(value: Any) -> bytes:
    """Return a record, or any value of JSON, as one line in canonical form.

    Python's own encoder defines the form: that of msgspec writes large numbers in another way.
    Raises UnicodeEncodeError for half of a surrogate pair.
    """
    return _ENCODER.encode(value).encode()


def content_hash(records: Iterable[Any]) -> str:
    """Return SHA-256 over the canonical lines of all records but the release, newlines included.

    They come kind by kind in the order of ``release_models``.
    """
    digest = hashlib.sha256()
    for record in records:
        digest.update(canonical(record) + b"\n")
    return digest.hexdigest()
