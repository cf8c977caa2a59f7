"""Checks across records: references, evidence, accounts, parties, relations, checks, spans."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from django.db.models import Model

from policy import models, plover
from policy.annotations.ledger import UNCITED, UNPROVED, UNUSED
from policy.annotations.reading import Draft, Entry
from policy.annotations.search_entries import owner_of
from policy.claims.verdicts import misdeclared
from policy.models.base import Fact, Support
from policy.models.events import OrderRelation
from policy.models.registry import RecordKind, served_as
from policy.models.relations import ENDS, SUPERSEDING
from policy.models.sources import MAX_QUOTE_WORDS
from policy.validation import fields_of
from policy.vocabulary import nearest, suggestion

UNTOLD = (RecordKind.COUNTRY, RecordKind.PASSAGE)
"""The kinds of records that are no source's word, and so cannot be wrong in it."""


def inconsistencies(draft: Draft) -> Iterator[str]:
    """Yield one line, with file, record and field, for each inconsistency between records."""
    for check in (
        *(_references, _evidence, _quotes, _accounts, _parties, _order),
        *(_relations, _related_kinds, misdeclared, _spans, _ledger),
    ):
        yield from check(draft)


def _texts(entry: Entry, name: str) -> list[str]:
    """Return the strings in a field that should be a list of them; types are checked elsewhere."""
    value = entry.fields.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _whole(entry: Entry, name: str) -> int:
    value = entry.fields.get(name)
    return value if isinstance(value, int) else 0


def _references(draft: Draft) -> Iterator[str]:
    keys: dict[type[Model], set[str]] = {}
    for model, key in draft.entries:
        keys.setdefault(model, set()).add(key)
    for entry in draft.entries.values():
        for name, column in fields_of(entry.model).items():
            if not column.is_relation:
                continue
            value = entry.fields.get(name)
            named = [value] if isinstance(value, str) else _texts(entry, name)
            target = keys.get(column.related_model, set())  # type: ignore[arg-type]
            for key in dict.fromkeys(named):
                if key not in target:
                    guess = nearest(key, target)
                    hint = f"; did you mean {guess!r}?" if guess else ""
                    yield f"{entry.where}: {name}: there is no record {key!r}{hint}"


def _evidence(draft: Draft) -> Iterator[str]:
    for entry in draft.entries.values():
        if not issubclass(entry.model, Fact) or entry.model is models.Country:
            continue
        if not entry.fields.get("evidence"):
            yield f"{entry.where}: {UNPROVED}"
        support = entry.fields.get("support")
        if support == Support.REFERENCE:
            yield f"{entry.where}: support: only reference data may say 'reference'"
        if support in (Support.INFERRED, Support.AMBIGUOUS) and not entry.fields.get("note"):
            yield f"{entry.where}: note: what is {support} needs one that says how it was concluded"


def _quotes(draft: Draft) -> Iterator[str]:
    quoted = {
        passage
        for entry in draft.of(models.Statement)
        if entry.fields.get("quotation")
        for passage in _texts(entry, "evidence")
    }
    for entry in draft.of(models.Passage):
        words = len(str(entry.fields.get("quote") or "").split())
        if words > MAX_QUOTE_WORDS:
            hint = "; put an official's whole words into quotation" if entry.key in quoted else ""
            yield (
                f"{entry.where}: quote: has {words} words; at most {MAX_QUOTE_WORDS} may stand "
                f"here{hint}"
            )


def _accounts(draft: Draft) -> Iterator[str]:
    sides: dict[str, list[str]] = defaultdict(list)
    for entry in draft.of(models.IssueSide):
        sides[str(entry.fields.get("account"))].append(str(entry.fields.get("country")))
    countries = {entry.key: _texts(entry, "countries") for entry in draft.of(models.BilateralIssue)}
    told = set()
    for entry in draft.of(models.Account):
        issue, status = str(entry.fields.get("issue")), entry.fields.get("status")
        told.update([issue] if status else [])
        if (status or sides[entry.key]) and sorted(sides[entry.key]) != sorted(
            countries.get(issue, [])
        ):
            yield (
                f"{entry.where}: side: needs one for each country of the issue, "
                f"{', '.join(countries.get(issue, []))}, and no other"
            )
    for entry in draft.of(models.BilateralIssue):
        if len(countries[entry.key]) != 2:
            yield f"{entry.where}: countries: an issue is between exactly two"
        if entry.key not in told:
            yield f"{entry.where}: account: one of them must have a status"


def _parties(draft: Draft) -> Iterator[str]:
    parties = {
        (entry.fields["event"], entry.fields["role"]) for entry in draft.of(models.EventParty)
    }
    twice = Counter(
        (entry.fields["event"], str(entry.fields.get("organisation", entry.fields.get("country"))))
        for entry in draft.of(models.EventParty)
    )
    for (event, party), number in twice.items():
        if number > 1:
            yield f"event {event}: {party}: is actor and recipient; it can only be one of them"
    needing = {
        code.event_type.value for code in plover.CODEBOOK.values() if code.recipient_required
    }
    for entry in draft.of(models.Event):
        event_type = str(entry.fields.get("event_type"))
        if (entry.key, "actor") not in parties:
            yield f"{entry.where}: actors: an event needs at least one actor"
        unsure = entry.fields.get("confidence") in (plover.Confidence.MEDIUM, plover.Confidence.LOW)
        if unsure and not entry.fields.get("alternatives"):
            yield f"{entry.where}: alternatives: name the codes that keep the confidence from high"
        if event_type in needing and (entry.key, "recipient") not in parties:
            yield f"{entry.where}: recipients: PLOVER requires one for {event_type}"


def _order(draft: Draft) -> Iterator[str]:
    orders = draft.of(models.EventOrder)
    pairs = Counter(frozenset((entry.fields["event"], entry.fields["other"])) for entry in orders)
    for pair, number in pairs.items():
        if number > 1:
            yield f"event {min(pair)}: order: is told more than once against {max(pair)}"
    earlier: dict[object, set[object]] = defaultdict(set)
    for entry in orders:
        event, other = entry.fields["event"], entry.fields["other"]
        if entry.fields.get("relation") == OrderRelation.BEFORE:
            earlier[other].add(event)
        elif entry.fields.get("relation") == OrderRelation.AFTER:
            earlier[event].add(other)
    try:
        TopologicalSorter(earlier).prepare()
    except CycleError as ring:
        yield f"order: these events come before each other in a ring: {' < '.join(ring.args[1])}"


def _relations(draft: Draft) -> Iterator[str]:
    parts: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in draft.entries.values():
        served = served_as(entry.model)
        if served:
            parts[served[0].value, owner_of(draft, entry)].add(entry.key)
    keys: dict[str, list[str]] = defaultdict(list)
    for kind, key in parts:
        keys[kind].append(key)
    related: dict[frozenset[tuple[str, ...]], str] = {}
    for entry in draft.of(models.Relation):
        ends = []
        for end in ENDS:
            kind, key, part = (str(entry.fields.get(f"{end}{at}")) for at in ("_kind", "", "_part"))
            ends.append((kind, key, part))
            own = parts.get((kind, key), set()) - {key}
            # A kind that is none is told of by itself.
            if kind in RecordKind.values and (kind, key) not in parts:
                hint = suggestion(key, keys[kind])
                yield f"{entry.where}: {end}: there is no {kind} {key!r}; {hint}"
            elif kind in RecordKind.values and f"{end}_part" in entry.fields and part not in own:
                hint = suggestion(part, sorted(own))
                yield f"{entry.where}: {end}_part: {key} has no part {part!r}; {hint}"
        pair = frozenset(ends)
        if len(pair) == 1:
            yield f"{entry.where}: object: a record has no relation to itself: name other parts"
        elif pair in related:
            yield f"{entry.where}: object: {related[pair]} relates the two already: keep one"
        related.setdefault(pair, entry.key)


def _related_kinds(draft: Draft) -> Iterator[str]:
    for entry in draft.of(models.Relation):
        kinds = [entry.fields.get(f"{end}_kind") for end in ENDS]
        if entry.fields.get("relation") in SUPERSEDING and kinds[1] in UNTOLD:
            yield f"{entry.where}: object_kind: a {kinds[1]} is no word of a source to be wrong"
        for kind in (RecordKind.RELATION, RecordKind.CHECK):
            if kind in kinds:
                yield f"{entry.where}: object_kind: a {kind} is no end: relate the records"


def _spans(draft: Draft) -> Iterator[str]:
    sentences = {entry.key: entry for entry in draft.of(models.Sentence)}
    lengths = {entry.key: _whole(entry, "code_points") for entry in draft.of(models.Source)}
    for entry in draft.of(models.Passage):
        sentence = sentences.get(str(entry.fields.get("sentence")))
        if sentence:
            start, end = _whole(sentence, "start"), _whole(sentence, "end")
            if _whole(entry, "start") < start or _whole(entry, "end") > end:
                yield f"{entry.where}: start, end: must lie within the sentence, {start} to {end}"
    reached: dict[str, Entry] = {}
    for entry in sorted(sentences.values(), key=lambda entry: _whole(entry, "start")):
        source = str(entry.fields.get("source"))
        before = reached.get(source)
        if before and _whole(entry, "start") < _whole(before, "end"):
            yield f"{entry.where}: start: lies within the sentence {before.key}"
        if _whole(entry, "end") > lengths.get(source, 0):
            yield f"{entry.where}: end: lies beyond the end of the source"
        reached[source] = entry


def _ledger(draft: Draft) -> Iterator[str]:
    cited = {key for entry in draft.entries.values() for key in _texts(entry, "evidence")}
    used = set()
    for entry in draft.of(models.Passage):
        if entry.key in cited:
            used.add(entry.fields.get("sentence"))
        else:
            yield f"{entry.where}: {UNUSED}"
    for entry in draft.of(models.Sentence):
        reason = entry.fields.get("uncited_reason")
        if entry.key not in used and not reason:
            yield f"{entry.where}: {UNCITED}"
        if entry.key in used and reason:
            yield f"{entry.where}: uncited_reason: take it out, facts rest on this sentence"
