"""Any record as a tree that a template shows: values, parts, and what each rests on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from rest_framework.serializers import ChoiceField, Serializer

from api.addresses import local
from api.formats.jsonld import OF_ANY_KIND, references
from api.html.layout import in_sentence, in_words, language, number, signed
from api.html.links import Link, Links, title_of
from api.serializers.base import CitationSerializer, EvidenceSerializer
from api.shaping import JsonObject
from policy.plover import Context

APART = {"id", "evidence", "support", "note", "superseded", "relations", "not_stated"}
"""The keys of a record that have a place of their own."""
TOLD_ONCE = "current."
"""Where a field is read that one of the parts tells too."""
SAID_BY = ("Speaker", "Attributed organisation", "Attributed country")
"""The labels of those who may have made a statement."""
HEADINGS = ("check", "source", "title", "measure", "country", "organisation", "event", "other")
"""The keys of a part that can head it, the best first."""
TIME = ("earliest", "latest", "precision", "year_inferred")
TIME_ENDS = tuple(f"_{name}" for name in ("text", *TIME))


@dataclass(slots=True)
class Row:
    """One value of a record, or several, with what it means."""

    label: str
    meaning: str
    values: list[Link]


@dataclass(slots=True)
class Node:
    """A record or a part of one."""

    heading: Link
    level: int = 2
    before: str = ""
    """What stands before the heading, such as a relation."""
    contradicts: bool = False
    codes: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    """The names of the keys that hold no value."""
    not_stated: bool = False
    superseded: bool = False
    time: str = ""
    support: str = ""
    note: str = ""
    evidence: list[JsonObject] = field(default_factory=list)
    uncited: bool = False
    """Whether it could rest on passages, and rests on none."""
    parts: list[tuple[str, str, list["Node"]]] = field(default_factory=list)

    @property
    def said_by(self) -> list[Link]:
        """Whoever a statement is attributed to."""
        return [link for row in self.rows if row.label in SAID_BY for link in row.values]


@cache
def fields_of(serializer: Any) -> Mapping[str, Any]:
    """Return the fields of a serializer by their names."""
    return dict(serializer().fields)


def time_of(record: JsonObject, prefix: str) -> str:
    """Return an uncertain time in words; empty where nothing is known of it."""
    earliest, latest, precision, inferred = (record.get(f"{prefix}_{name}") for name in TIME)
    days = f"{earliest} to {latest}" if earliest != latest else earliest
    known = [f"“{record[f'{prefix}_text']}”"] if record.get(f"{prefix}_text") else []
    if days:
        known.append(f"{days} ({precision})" if precision else str(days))
    if inferred:
        known.append("year inferred")
    return ", ".join(known)


TELLS_OF = frozenset({"kind", "record"})
"""The keys of what tells of another record, and is headed by that."""


class Records:
    """Makes nodes of records, and keeps the links in them."""

    def __init__(self) -> None:
        """Start without a link; ``links.name()`` is to be called when all nodes are made."""
        self.links = Links()

    def node(
        self,
        serializer: Any,
        record: JsonObject,
        level: int = 2,
        resource: str = "",
    ) -> Node:
        """Return the node of a record of a list, or without a list of a part, as JSON has it."""
        fields, lists = fields_of(serializer), references(serializer)
        top = self.links.to(resource, record["id"]) if resource else None
        name = next((name for name in HEADINGS if not top and record.get(name)), "")
        heading = top or next(iter(self._links(name, record, lists)), Link(""))
        if top and record.keys() >= TELLS_OF:
            heading = self.links.of_kind(record["kind"], record["record"])
        elif top:
            heading.text = title_of(record)
        node = Node(heading, level)
        node.superseded = bool(record.get("superseded"))
        node.not_stated = bool(record.get("not_stated"))
        if "accounts" not in record:
            node.note = record.get("note") or record.get("reason") or ""
            node.evidence = [self.passage(one) for one in record.get("evidence", ())]
            node.uncited = record.get("evidence") == []
        for key, one in fields.items():
            if key == "support" and record[key] and not one.source.startswith(TOLD_ONCE):
                node.support = str(one.choices.get(record[key], record[key]))
            elif key == "relation":
                node.before = one.choices.get(record[key], record[key])
                node.contradicts = record[key] == "contradicts"
            elif key not in {*APART, name} and not (top and record[key] == top.text):
                self._add(node, key, one, record, lists)
        if record.get("relations"):
            self._part(node, "relations", fields["relations"], record)
        return node

    def passage(self, passage: JsonObject) -> JsonObject:
        """Return a passage with the links to it and its source: to its sentence on that page."""
        link = self.links.to("sources", passage["source"])
        place = link.href
        if passage["entry"] is None:
            place += f"#p{passage['paragraph']}s{passage['sentence']}"
        href = local(f"/api/v1/passages/{passage['id']}")
        return {**passage, "href": href, "document": link, "place": place}

    def _add(self, node: Node, key: str, one: Any, record: JsonObject, lists: Any) -> None:
        """Add to a node what stands under a key: a part, a time, or a row of values."""
        value = record[key]
        prefix = next((key[: -len(end)] for end in TIME_ENDS if key.endswith(end)), "")
        if one.source.startswith(TOLD_ONCE) and "accounts" in record and key != "status":
            return
        if isinstance(getattr(one, "child", None), Serializer) and not _cites(one):
            self._part(node, key, one, record)
        elif prefix and f"{prefix}_earliest" in record:
            if key == f"{prefix}_text":
                told = time_of(record, prefix)
                node.time = node.time or told
                _say(node, prefix, one, [Link(told)] if told else None)
        elif isinstance(one, ChoiceField) and value is not None:
            code = str(one.choices.get(value, value))
            if not key.endswith("_support"):
                node.codes.append(code)
            _say(node, key, one, [Link(code)])
        elif value is not False:
            _say(node, key, one, None if value in (None, "") else
                 list(self._links(key, record, lists)))  # fmt: skip

    def _part(self, node: Node, key: str, one: Any, record: JsonObject) -> None:
        if record[key]:
            level = min(node.level + 2, 6)
            nodes = [self.node(type(one.child), part, level) for part in record[key]]
            node.parts.append((in_words(key), str(one.help_text), nodes))

    def _links(self, key: str, record: JsonObject, lists: Mapping[str, str]) -> Iterator[Link]:
        """Yield what a key holds, each as a link where it leads anywhere."""
        value = record.get(key)
        for each in value if isinstance(value, list) else [] if value is None else [value]:
            if isinstance(each, dict):
                yield self.links.of_kind(each["kind"], each["id"])
            elif key in OF_ANY_KIND:
                yield self.links.of_kind(record[f"{key}_kind"], each)
            elif key in lists:
                yield self.links.to(lists[key], each)
            elif key == "query":
                yield Link(each, local(f"/api/v1/{each}"))
            else:
                text = _text(key, each)
                yield Link(text, text if text.startswith(("https://", "http://")) else "")


def _text(key: str, value: Any) -> str:
    """Return a value that leads nowhere as people write it."""
    if key == "contexts":
        return str(Context(value).label)
    if key.endswith("language"):
        return language(value)
    if isinstance(value, int | float) and value is not True:
        return signed(value) if key == "score" else number(value)
    return "yes" if value is True else str(value)


def _cites(one: Any) -> bool:
    return isinstance(one.child, CitationSerializer | EvidenceSerializer)


def _say(node: Node, key: str, one: Any, values: list[Link] | None) -> None:
    """Add a row, or for None the name of the key to what is silent."""
    if values is None:
        node.silent.append(in_sentence(key))
    elif values:
        node.rows.append(Row(in_words(key), str(one.help_text), values))
