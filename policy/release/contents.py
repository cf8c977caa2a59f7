"""What a release holds: the kinds of its records, their files, and the hash over them."""

import hashlib
import json
from functools import cache
from json import encoder

from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from policy.models import AttachedTexts, PassageText, Release
from policy.models.registry import list_name
from policy.validation import Record

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
# The encoder makes such a machine anew for each value, which takes longer than writing a record.
_make = getattr(encoder, "c_make_encoder", None)
_WRITE = _make and _make(
    None, _ENCODER.default, encoder.encode_basestring, None, ":", ",", True, False, True
)

APART: frozenset[type[models.Model]] = frozenset({AttachedTexts, PassageText})
"""The models whose rows an operator makes; no release holds them."""

UNCOUNTED = frozenset({"release", "search_entries", "concerns"})
"""The files whose records are none of the dataset's own, so that no count tells of them."""


def file_name(model: type[models.Model]) -> str:
    """Return the name of a model's fixture file, without its ending: bilateral_issues."""
    return "release" if model is Release else list_name(model).replace("-", "_")


@cache
def kinds() -> dict[str, type[models.Model]]:
    """Return the models of a release by the names of their files, in the order of the names."""
    found = {
        file_name(model): model
        for model in apps.get_app_config("policy").get_models()
        if model not in APART
    }
    return dict(sorted(found.items()))


def canonical(record: Record) -> str:
    """Return a record as one line of JSON, however it was laid out in its file."""
    return "".join(_WRITE(record, 0)) if _WRITE else _ENCODER.encode(record)


def settled() -> None:
    """Let who prepares answers know that the dataset is another now, before it is committed.

    The setting AFTER_LOAD, if there is one, names a function without arguments.
    """
    after = getattr(settings, "AFTER_LOAD", None)
    if after:
        import_string(after)()


class Digest:
    """The content hash: SHA-256 over the records, file by file in the order of the names."""

    def __init__(self) -> None:
        """Begin with no record."""
        self._sha256 = hashlib.sha256()

    def add(self, line: str) -> None:
        """Take the next record as ``canonical`` gives it; UnicodeEncodeError for a lone half."""
        self._sha256.update(line.encode() + b"\n")

    def hexdigest(self) -> str:
        """Return the hash over the records so far, in lower-case hex."""
        return self._sha256.hexdigest()
