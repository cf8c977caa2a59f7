"""The pages of one record, of a source with its sentences, and of a dyad."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from api import filtersets
from api.addresses import local
from api.database.release import served
from api.filterset_bases import RecordFilterSet
from api.html.layout import in_sentence, in_words, signed
from api.html.links import Link, kind_of_keys
from api.html.records import Node, Records, fields_of
from api.listing import Listing
from api.serializers import records as serializers
from api.serializers.relations import DyadSerializer
from api.shaping import JsonObject
from policy.models.registry import RecordKind, kind_of, list_name

FILTER_SETS: list[Any] = [
    one
    for one in vars(filtersets).values()
    if isinstance(one, type) and issubclass(one, RecordFilterSet) and "record" in vars(one)
]


def record_page(view: Any, record: JsonObject) -> JsonObject:
    """Return what the page of a record shows."""
    records = Records()
    node = records.node(view.serializer_class, record, 1, view.resource)
    kind = kind_of(view.queryset.model)
    found: list[tuple[Link, int | None]] = [*_leading_here(kind, record["id"])]
    if kind == RecordKind.COUNTRY:
        found.insert(0, (Link("Dyads", local(f"/api/v1/dyads?country={record['id']}")), None))
    elif kind == RecordKind.BILATERAL_ISSUE and len(record["countries"]) == 2:
        pair = "-".join(record["countries"])
        found.insert(0, (Link(f"Dyad {pair}", local(f"/api/v1/dyads/{pair}")), None))
    records.links.name()
    return {
        "title": node.heading.text,
        "list": Link(in_words(view.resource), local(f"/api/v1/{view.resource}")),
        "key": record["id"],
        "node": node,
        "found": found,
    }


def _leading_here(kind: RecordKind | None, key: str) -> Iterator[tuple[Link, int]]:
    """Yield the lists that a filter narrows to records which lead to this one, with numbers."""
    for filters in FILTER_SETS if kind else ():
        model = filters.record.Meta.model
        resource = list_name(model)
        for name, one in filters.base_filters.items():
            if kind_of_keys(one.item) != kind or one.exclude or one.path == "pk":
                continue
            rows = Listing.of(model._default_manager.all(), filters.base_filters, {name: [key]})
            number = rows.count(served())
            if number:
                text = f"{in_words(resource)} by {in_sentence(name)}"
                yield Link(text, local(f"/api/v1/{resource}?{name}={key}")), number


def sentences_of(
    coverage: JsonObject, passages: Sequence[JsonObject], gaps: Sequence[JsonObject]
) -> JsonObject:
    """Return each sentence of a source with its quotes, facts and gaps, and the gaps of none."""
    records, quotes = Records(), defaultdict(list)
    for passage in passages:
        quotes[passage["paragraph"], passage["sentence"]].append(records.passage(passage))
    sentences, placed = [], set()
    for line in coverage["ledger"]:
        facts: dict[str, list[Link]] = defaultdict(list)
        for fact in line["facts"]:
            facts[fact["kind"]].append(records.links.of_kind(fact["kind"], fact["id"]))
            placed.add((fact["kind"], fact["id"]))
        sentences.append(
            {
                **line,
                "quotes": quotes[line["paragraph"], line["number"]],
                "gaps": facts.pop(RecordKind.GAP, []),
                "facts": [(in_words(kind), links) for kind, links in facts.items()],
            }
        )
    others = [gap for gap in gaps if (RecordKind.GAP, gap["id"]) not in placed]
    unplaced = [records.links.to("gaps", gap["id"]) for gap in others]
    records.links.name()
    return {"coverage": coverage, "sentences": sentences, "unplaced": unplaced}


def dyad_page(data: JsonObject) -> JsonObject:
    """Return what the page of a dyad shows, its positions one against the other."""
    records = Records()
    countries = [records.links.to("countries", code) for code in data["countries"]]
    issues = []
    for record in data["issues"]["records"]:
        node = records.node(serializers.BilateralIssueSerializer, record, 3, "bilateral-issues")
        accounts = []
        for account in record["accounts"]:
            sides = {
                side["country"]: records.node(serializers.IssueSideSerializer, side, 5)
                for side in account["sides"]
            }
            apart = {**account, "sides": []}
            told = records.node(serializers.AccountSerializer, apart, 4)
            accounts.append((told, [sides.get(code) for code in data["countries"]]))
        issues.append((node, accounts))
    parts = []
    for name, part in fields_of(DyadSerializer).items():
        if name != "issues" and isinstance(data[name], dict) and "records" in data[name]:
            serializer: Any = type(part.fields["records"].child)
            resource = list_name(serializer.Meta.model)
            nodes: list[Node] = [
                records.node(serializer, record, 3, resource) for record in data[name]["records"]
            ]
            every = local(f"/api/v1/{resource}?between={','.join(data['countries'])}")
            parts.append((in_words(name), data[name]["count"], every, nodes))
    records.links.name()
    return {
        "title": " and ".join(link.text for link in countries),
        "countries": countries,
        "key": data["id"],
        "issues": issues,
        "issue_count": data["issues"]["count"],
        "every_issue": local(f"/api/v1/bilateral-issues?between={','.join(data['countries'])}"),
        "totals": data["event_totals"],
        "mean": signed(data["event_totals"]["score_mean"]),
        "quads": [(in_words(name), n) for name, n in data["event_totals"]["quads"].items()],
        "parts": parts,
    }
