"""Kinds of values that name records: keys and codes of countries, former ones too."""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from api.parameters import KEY, ParameterField, PatternField, refusal
from policy.country_codes import ALPHA3, likely_code
from policy.models import Country, PublishedRelease, Renaming
from policy.models.base import SLUG
from policy.models.registry import RecordKind
from policy.vocabulary import nearest


class KeyField(PatternField):
    """The key of a record of one kind; one that it had in an earlier release stands for it too."""

    def __init__(self, kind: RecordKind, **options: Any) -> None:
        """Take the kind of the record."""
        super().__init__(KEY.pattern, KEY.cure, **options)
        self.kind = kind

    def resolve(self, values: list[Any]) -> list[Any]:
        """Return the present keys."""
        present = Renaming.present_keys(self.kind, values)
        return list(dict.fromkeys(present.get(value, value) for value in values))


class AnyKeyField(PatternField):
    """The key of a record of whatever kind; a former key stands for the present one too."""

    def __init__(self, **options: Any) -> None:
        """Take the options of a form field."""
        cure = "the key of a record: a slug, or the alpha-3 code of a country"
        super().__init__(f"(?:{SLUG}|[A-Z]{{3}})", cure, **options)

    def resolve(self, values: list[Any]) -> list[Any]:
        """Return the keys, and the present ones of those that a record had once."""
        moved = Renaming.objects.filter(former__in=values).exclude(record=None)
        return list(dict.fromkeys([*values, *moved.values_list("record", flat=True)]))


class VersionField(PatternField):
    """The version of a release; one that was never published is refused."""

    def __init__(self, **options: Any) -> None:
        """Take the options of a form field."""
        cure = "the version of a release, such as 1.0.0"
        super().__init__(r"[0-9]+\.[0-9]+\.[0-9]+", cure, 20, **options)

    def to_python(self, text: Any) -> Any:
        """Return the text itself."""
        known = list(PublishedRelease.objects.values_list("pk", flat=True))
        if text not in known:
            detail = f"There is no release {text[: self.most]!r}. {self.meaning}"
            raise refusal(detail, nearest(text[: self.most], known), known)
        return text


class CountryField(ParameterField):
    """A country in alpha-3, alpha-2 or numeric code, in any case."""

    meaning = "Write an alpha-3 (PAN), alpha-2 (PA) or numeric (591) code, in any case."
    schema: Mapping[str, Any] = {"type": "string", "pattern": "^([A-Za-z]{2,3}|[0-9]{3})$"}

    def __init__(self, *, leads_on: bool = True, **options: Any) -> None:
        """Take whether a code that a country once had stands for its present one."""
        super().__init__(**options)
        self.leads_on = leads_on

    def to_python(self, text: Any) -> Any:
        """Return the code in upper case."""
        if not re.fullmatch("[A-Za-z]{2,3}|[0-9]{3}", text, re.ASCII):
            raise self._refusal(text)
        return text.upper()

    def resolve(self, values: list[Any]) -> list[Any]:
        """Return each code as alpha-3; raises ValidationError for one that no country ever had."""
        named = Q(pk__in=values) | Q(alpha2__in=values) | Q(numeric__in=values)
        rows = Country.objects.filter(named).values_list("pk", "alpha2", "numeric")
        alpha3 = {code: row[0] for row in rows for code in row}
        absent = {value: ALPHA3.get(value, value) for value in values if value not in alpha3}
        if absent:
            present = Renaming.present_keys(RecordKind.COUNTRY, absent.values())
            for value, code in absent.items():
                if value not in ALPHA3 and code not in present:
                    raise self._refusal(value)
                alpha3[value] = present.get(code, code) if self.leads_on else code
        return list(dict.fromkeys(alpha3[value] for value in values))

    def _refusal(self, text: str) -> ValidationError:
        rows = Country.objects.values_list("pk", "name", "aliases")
        known = [(word, code) for code, name, aliases in rows for word in (name, *aliases)]
        guess = likely_code(text[:60], known)
        hint = f" Did you mean {guess}?" if guess else ""
        return refusal(f"{text[:60]!r} is no country in ISO 3166. {self.meaning}{hint}", guess)
