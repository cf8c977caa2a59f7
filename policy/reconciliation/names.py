"""Names: the forms by which a record is called, and how well a text fits each of them."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import Q

from policy.models import Country, Identifier, Renaming
from policy.models.base import SLUG
from policy.models.registry import RecordKind, list_name, served_models
from policy.search.words import fold

EXACT = 100.0
"""The score of a text that is the form, or has the same words in the same order."""
TURNED = 95.0
"""The score of a text that has the same words in another order."""
PARTIAL = 90.0
"""What a text that shares some words stays below."""


class Form(StrEnum):
    """What a record is called by; an earlier form wins where two fit equally well."""

    KEY = "key"
    FORMER_KEY = "former_key"
    CODE = "code"
    SAME_AS = "same_as"
    NAME = "name"
    LABEL = "label"
    ACRONYM = "acronym"
    ALIAS = "alias"


COLUMNS: dict[RecordKind, dict[str, Form]] = {
    RecordKind.OFFICIAL: {"name": Form.NAME, "label": Form.LABEL, "aliases": Form.ALIAS},
    RecordKind.ORGANISATION: {
        "name": Form.NAME,
        "label": Form.LABEL,
        "acronym": Form.ACRONYM,
        "aliases": Form.ALIAS,
    },
    RecordKind.COUNTRY: {"name": Form.NAME, "other_names": Form.ALIAS, "aliases": Form.ALIAS},
}
"""The kinds that can be reconciled, with the columns that hold their names."""


class Called(NamedTuple):
    """One form of a record, and how well a text fits it, from 0 to 100."""

    form: Form
    text: str
    score: float


@dataclass
class Fit:
    """A record that a text may mean, with each form of it that the text fits at all."""

    kind: RecordKind
    key: str
    called: list[Called] = field(default_factory=list)

    @property
    def best(self) -> Called:
        """The form that fits best; the first of several."""
        return max(self.called, key=lambda one: one.score)

    @property
    def exact(self) -> bool:
        """Whether the text is a form of the record, or has the same words."""
        return self.best.score >= TURNED


def likeness(asked: list[str], held: list[str]) -> float:
    """Return how well the words of a text fit those of a form, from 0 to 100.

    Where not all words are the same it is the share that both have in common, up to PARTIAL. A word
    that stands twice counts twice.
    """
    if asked == held:
        return EXACT if asked else 0.0
    common = (Counter(asked) & Counter(held)).total()
    if common == len(asked) == len(held):
        return TURNED
    return round(PARTIAL * 2 * common / (len(asked) + len(held)), 1)


def named(kind: RecordKind, keys: Iterable[str], text: str) -> dict[str, Fit]:
    """Return those of some records of a kind whose names share a word with a text, by key."""
    columns, asked = COLUMNS[kind], fold(text)
    found = {}
    rows = _rows(kind).filter(pk__in=list(keys)).order_by("pk")
    for key, *values in rows.values_list("pk", *columns):
        forms: dict[str, Form] = {}
        for form, value in zip(columns.values(), values, strict=True):
            for one in value if isinstance(value, list) else [value]:
                forms.setdefault(one or "", form)
        called = [Called(form, one, likeness(asked, fold(one))) for one, form in forms.items()]
        fitting = [one for one in called if one.score]
        if fitting:
            found[key] = Fit(kind, key, fitting)
    return found


def in_list(text: str) -> tuple[RecordKind | None, str]:
    """Return the kind and the key of an id with the name of its list: officials/marco-rubio.

    The kind is None, and the text unchanged, where it is no such id.
    """
    name, slash, key = text.strip().partition("/")
    lists = {list_name(served_models()[kind]): kind for kind in COLUMNS}
    return (lists[name], key) if slash and name in lists else (None, text.strip())


def identified(kind: RecordKind, text: str) -> dict[str, Fit]:
    """Return the records of a kind that a text identifies, by key.

    It may be a key of them, present or former, with the name of its list before it or without; the
    code of a country; what another list calls a person.
    """
    listed, key = in_list(text)
    code = key.upper() if kind == RecordKind.COUNTRY else key
    codes = rf"[A-Z]{{2,3}}|[0-9]{{3}}|{SLUG}"
    if listed not in (None, kind) or not re.fullmatch(codes, code, re.ASCII):
        return {}
    found: dict[str, Fit] = {}

    def note(form: Form, keys: Iterable[str]) -> None:
        for one in sorted({*keys}):
            found.setdefault(one, Fit(kind, one)).called.append(Called(form, text.strip(), EXACT))

    if kind == RecordKind.COUNTRY:
        coded = Q(pk=code) | Q(alpha2=code) | Q(numeric=code)
        note(Form.CODE, Country.objects.filter(coded).values_list("pk", flat=True))
    else:
        note(Form.KEY, _rows(kind).filter(pk=code).values_list("pk", flat=True))
    note(Form.FORMER_KEY, Renaming.present_keys(kind, [code]).values())
    if kind == RecordKind.OFFICIAL and listed is None:
        values = Identifier.objects.filter(value=code).order_by()
        note(Form.SAME_AS, values.values_list("official_id", flat=True))
    return found


def titles(kind: RecordKind, keys: Iterable[str]) -> dict[str, str]:
    """Return what to call some records of a kind, by key."""
    column = "name" if kind == RecordKind.COUNTRY else "label"
    return dict(_rows(kind).filter(pk__in=list(keys)).values_list("pk", column))


def _rows(kind: RecordKind) -> Any:
    return served_models()[kind]._base_manager.all()
