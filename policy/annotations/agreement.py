"""Agreement of two coders: what each coded of one text is matched by evidence, and compared."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.db import models

from policy.annotations.reading import (
    FILES,
    AnnotationType,
    Draft,
    Entry,
    InvalidAnnotationsError,
    plain,
    read_source,
    said_once,
)
from policy.annotations.sentences import library
from policy.evidence import TextError
from policy.models import Country, Passage, Sentence, Source
from policy.models.registry import owner_key
from policy.validation import Field, fields_of

COMPARED = (
    models.BooleanField,
    models.IntegerField,
    models.DecimalField,
    models.FloatField,
    models.DateField,
    models.ForeignKey,
    models.ManyToManyField,
)
"""Besides codes, the fields that two coders should fill alike; texts are in their own words."""

Model = type[models.Model]
Points = frozenset[int]
"""The code points of a text that a record rests on."""


class Coding:
    """What one coder made of a text: a folder of annotations."""

    def __init__(self, folder: Path) -> None:
        """Read a folder; InvalidAnnotationsError if it cannot be read."""
        self.draft = Draft()
        read_source(folder, self.draft)
        # What a country has beside its code is reference data, and what a record of another source
        # has beside what is added to it stands there.
        self.draft.validate(
            one
            for one in self.draft.entries.values()
            if one.model is not Country and (said_once(one) or owner_key(one.model))
        )
        if self.draft.errors:
            raise InvalidAnnotationsError(self.draft.errors)
        self.source = self.draft.of(Source)[0]
        self.sentences = sorted(self.draft.of(Sentence), key=lambda one: int(one.fields["start"]))

    def of(self, model: Model) -> list[Entry]:
        """Return the records of a model."""
        return self.draft.of(model)

    def owner(self, entry: Entry) -> Entry | None:
        """Return the record that a part belongs to."""
        name = owner_key(entry.model)
        if name is None:
            return None
        owner: Any = fields_of(entry.model)[name].related_model
        return self.draft.entries.get((owner, entry.fields[name]))

    def parts(self, entry: Entry) -> list[Entry]:
        """Return the parts of a record that rest on passages."""
        return [
            part
            for part in self.draft.entries.values()
            if part.fields.get("evidence") and self.owner(part) is entry
        ]

    def points(self, entry: Entry) -> Points:
        """Return what a record rests on.

        Without evidence, that is what its parts rest on, or for a part what its owner does.
        """
        spans = [
            self.draft.entries[Passage, key].fields
            for key in entry.fields.get("evidence") or ()
            if (Passage, key) in self.draft.entries
        ]
        owner = self.owner(entry)
        if not spans and owner:
            return self.points(owner)
        if not spans:
            return frozenset().union(*map(self.points, self.parts(entry)))
        return frozenset(at for span in spans for at in range(span["start"], span["end"]))

    def sentence(self, points: Points) -> Entry | None:
        """Return the first sentence that holds one of these code points."""
        return next((one for one in self.sentences if points & within(one)), None)


class Measure(NamedTuple):
    """How far two coders agree in one field of one kind of record."""

    kind: str
    field: str
    values: list[tuple[Any, Any]]
    """What each of them says of the same unit: two records that were matched, or a sentence."""

    @property
    def equal(self) -> int:
        """The number of units of which both say the same."""
        return sum(one == other for one, other in self.values)

    @property
    def alpha(self) -> float | None:
        """Krippendorff's alpha for nominal values; None if all are the same, as it says nothing."""
        numbers: dict[Any, int] = {}
        for pair in self.values:
            for value in pair:
                numbers.setdefault(value, len(numbers))
        if len(numbers) < 2:
            return None
        data = [[numbers[pair[coder]] for pair in self.values] for coder in (0, 1)]
        alpha = library("krippendorff").alpha
        return float(alpha(reliability_data=data, level_of_measurement="nominal"))


class Disagreement(NamedTuple):
    """Something that two coders see differently, and the sentence it is about."""

    sentence: Entry | None
    words: str


def within(sentence: Entry) -> Points:
    """Return the code points of a sentence."""
    return frozenset(range(sentence.fields["start"], sentence.fields["end"]))


def kinds() -> dict[Model, str]:
    """Return the models that coders fill, each part after its owner, and what to call them."""
    found: dict[Model, str] = {}
    for kind in FILES.values():
        if kind.model not in (Source, Sentence, Passage):
            found[kind.model] = kind.table
            _add_parts(kind, found)
    return found


def _add_parts(kind: AnnotationType, found: dict[Model, str]) -> None:
    for part in kind.parts:
        found.setdefault(part.model, str(part.model._meta.verbose_name))
        _add_parts(part, found)


def compared_fields(model: Model) -> dict[str, Field]:
    """Return the fields of a model that are compared: codes, keys, numbers, days, yes and no."""
    apart = ("evidence", "source", "current_for", owner_key(model))
    return {
        name: field
        for name, field in fields_of(model).items()
        if name not in apart and (field.choices or isinstance(field, COMPARED))
    }


class Comparison:
    """What two coders made of one text, record by record.

    Records of a kind are matched by what they rest on, as each coder chooses keys of their own:
    those with the greatest overlap first (the code points that both cite, of those that either
    does), and of equal overlaps those that agree in most fields. Countries, and the parts of
    matched records that have a country, are matched by it.
    """

    def __init__(self, first: Coding, second: Coding) -> None:
        """Match the records of two codings; TextError if they are of different texts."""
        if first.source.fields.get("sha256") != second.source.fields.get("sha256"):
            raise TextError("these are annotations of different texts: their SHA-256 differ")
        self.first, self.second = first, second
        self.same: dict[tuple[Model, str], str] = {}
        """The key of the first coder for each matched record of the second."""
        self.pairs = {model: self._matched(model) for model in kinds()}

    def _matched(self, model: Model) -> list[tuple[Entry, Entry]]:
        points = {
            entry.where: coding.points(entry)
            for coding in (self.first, self.second)
            for entry in coding.of(model)
        }
        ranked = []
        for one in self.first.of(model):
            for other in self.second.of(model):
                overlap = self._overlap(one, other, points[one.where], points[other.where])
                if overlap:
                    unlike = sum(a != b for _, a, b in self._values(one, other))
                    ranked.append((-overlap, unlike, one.key, other.key))
        found: dict[str, str] = {}
        for *_, one_key, other_key in sorted(ranked):
            if one_key not in found and other_key not in found.values():
                found[one_key] = other_key
                self.same[model, other_key] = one_key
        entries = self.first.draft.entries, self.second.draft.entries
        return [(entries[0][model, one], entries[1][model, other]) for one, other in found.items()]

    def _overlap(self, one: Entry, other: Entry, points: Points, others: Points) -> float:
        if one.model is Country:
            return float(one.key == other.key)
        owner, of_other = self.first.owner(one), self.second.owner(other)
        if owner and of_other:
            if self.same.get((of_other.model, of_other.key)) != owner.key:
                return 0
            if "country" in one.fields and one.fields["country"] == other.fields.get("country"):
                return 1
        return len(points & others) / (len(points | others) or 1)

    def _values(self, one: Entry, other: Entry) -> Iterator[tuple[str, Any, Any]]:
        """Yield each compared field of two records, and what each of them says."""
        for name, field in compared_fields(one.model).items():
            default = field.get_default() if field.has_default() else None
            a, b = one.fields.get(name, default), other.fields.get(name, default)
            if field.is_relation:
                target: Any = field.related_model
                a = tuple(sorted(a or ())) if field.many_to_many else a
                if field.many_to_many:
                    b = tuple(sorted(self.same.get((target, key), key) for key in b or ()))
                else:
                    b = self.same.get((target, b), b) if b else b
            yield name, plain(a), plain(b)

    def measures(self) -> Iterator[Measure]:
        """Yield for each kind whether it rests on the same sentences, then each of its fields."""
        for model, kind in kinds().items():
            if owner_key(model) is None:
                held = [
                    frozenset().union(*map(coding.points, coding.of(model)))
                    for coding in (self.first, self.second)
                ]
                spans = map(within, self.first.sentences)
                found = [(bool(span & held[0]), bool(span & held[1])) for span in spans]
                if any(map(any, found)):
                    yield Measure(kind, "(sentences)", found)
            values: dict[str, list[tuple[Any, Any]]] = {}
            for pair in self.pairs[model]:
                for name, a, b in self._values(*pair):
                    values.setdefault(name, []).append((a, b))
            for name, told in values.items():
                if any(value not in (None, ()) for pair in told for value in pair):
                    yield Measure(kind, name, told)

    def disagreements(self) -> Iterator[Disagreement]:
        """Yield each field that differs, and each record that only one of the coders has."""
        for model, kind in kinds().items():
            for one, other in self.pairs[model]:
                sentence = self.first.sentence(self.first.points(one))
                keys = one.key if one.key == other.key else f"{one.key} / {other.key}"
                for name, a, b in self._values(one, other):
                    if a != b:
                        yield Disagreement(
                            sentence, f"{kind} {keys}: {name}: {said(a)} / {said(b)}"
                        )
            matched = {one.key for one, _ in self.pairs[model]}
            theirs = {other.key for _, other in self.pairs[model]}
            for coding, name, known in (self.first, "A", matched), (self.second, "B", theirs):
                for entry in coding.of(model):
                    if entry.key not in known:
                        sentence = self.first.sentence(coding.points(entry))
                        yield Disagreement(sentence, f"{kind} {entry.key}: only in {name}")


def said(value: Any) -> str:
    """Return what a coder says in a field, in words."""
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return {None: "none", True: "yes", False: "no"}.get(value, str(value))


def overall(measures: list[Measure]) -> dict[str, Any]:
    """Return what a release tells of two codings: ``coding_agreement``.

    ``alpha`` is the mean of those of all fields, each as often as it was compared.
    """
    compared = sum(len(measure.values) for measure in measures)
    alphas = [(alpha, len(one.values)) for one in measures if (alpha := one.alpha) is not None]
    weights = sum(weight for _, weight in alphas)
    return {
        "coders": 2,
        "compared": compared,
        "agreement": round(sum(one.equal for one in measures) / compared, 3) if compared else None,
        "alpha": round(sum(a * w for a, w in alphas) / weights, 3) if weights else None,
    }
