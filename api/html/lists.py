"""The page of a list: what narrows it, its counts as links, and its records in short."""

from collections.abc import Iterator, Mapping, Sequence
from inspect import getdoc
from typing import Any

from django.http import HttpRequest

from api.addresses import local
from api.filters import ValuesFilter
from api.html.layout import UNPAGED, asking, in_words, language, pairs_of
from api.html.links import Link, kind_of_keys
from api.html.records import Node, Records
from api.parameters import CodeField, LanguageField, ParameterField
from api.shaping import JsonObject

USUAL = ("topic", "kind", "event_type", "status", "verdict", "rule", "role", "relation", "country",
         "source")  # fmt: skip
"""The facets that a page counts by unasked, as many as MOST of those that a list has."""
MOST = 3
NUMBERS = ("issues", "events", "statements", "trips", "gaps", "relations")
"""The numbers of a dyad that its entry tells."""
COUNTED = 50_000
"""Records of a list up to which its page counts by facets that are not asked for."""
SHOWN = 12
"""How many values of a facet a page shows."""
FORMATS = {"csv": "CSV", "ndjson": "NDJSON", "geojson": "GeoJSON", "jsonld": "JSON-LD"}


def usual_facets(facets: Mapping[str, ValuesFilter]) -> list[str]:
    """Return the facets that the page of a list counts by where none are asked for."""
    return [name for name in USUAL if name in facets][:MOST]


def list_page(view: Any, data: JsonObject, entries: Sequence[Node], records: Records) -> JsonObject:
    """Return what the page of a list shows: ``data`` around its records, ``entries`` for these."""
    request: HttpRequest = view.request._request
    fields = view.parameters("list")
    name = request.path_info.rstrip("/").rpartition("/")[2]
    facets = [
        {"name": in_words(facet), "values": list(_values(request, facet, counts, fields, records))}
        for facet, counts in data["facets"].items()
    ]
    narrowed = list(_narrowed(request, fields, records))
    records.links.name()
    return {
        "title": in_words(name),
        "about": getdoc(type(view)),
        "words": view.values.get("q") and dict(pairs_of(request))["q"],
        "data": data,
        "narrowed": narrowed,
        "entries": entries,
        "facets": facets,
        "others": _others(request, fields, data),
        "orders": _orders(request, fields),
        "formats": _formats(request, view),
    }


def _values(
    request: HttpRequest,
    facet: str,
    counts: Sequence[JsonObject],
    fields: Mapping[str, ParameterField],
    records: Records,
) -> Iterator[JsonObject]:
    """Yield each value of a facet with its count, and the link that narrows the list to it."""
    item = getattr(fields[facet], "item", None)
    given = dict(pairs_of(request)).get(facet)
    for count in counts[:SHOWN]:
        value, href = count["value"], ""
        named = Link("None")
        if value is not None:
            href = asking(request, UNPAGED, **{facet: value})
            named = _named(item, str(value), records)
        chosen = str(value) == given
        yield {"named": named, "href": href, "count": count["count"], "chosen": chosen}


def _named(item: Any, text: str, records: Records) -> Link:
    """Return what to call a value of a list parameter, whose link to a record may be named later.

    ``item`` is the field of one value; None for what is no list.
    """
    kind = kind_of_keys(item)
    if kind:
        return records.links.of_kind(kind, text)
    if isinstance(item, LanguageField):
        return Link(language(text))
    if isinstance(item, CodeField):
        return Link(item.labels.get(text) or in_words(text))
    return Link(text)


def _narrowed(
    request: HttpRequest, fields: Mapping[str, ParameterField], records: Records
) -> Iterator[JsonObject]:
    """Yield each parameter that narrows the list, with the link to the list without it."""
    for name, text in pairs_of(request):
        if name in fields and name not in (*UNPAGED, "ordering"):
            without = "" if fields[name].required else asking(request, {*UNPAGED, name})
            label = "Words" if name == "q" else in_words(name)
            item = getattr(fields[name], "item", None)
            values = [_named(item, one, records) for one in text.split(",")] if item else []
            yield {"name": label, "values": values or [Link(text)], "without": without}


def _others(request: HttpRequest, fields: Mapping[str, Any], data: JsonObject) -> list[Link]:
    """Return the links that count the list by what it is not counted by yet."""
    asked = getattr(fields.get("facets"), "item", None)
    names = [name for name in getattr(asked, "codes", ()) if name not in data["facets"]]
    return [Link(in_words(name), asking(request, ("cursor",), facets=name)) for name in names]


def _orders(request: HttpRequest, fields: Mapping[str, Any]) -> list[Link]:
    """Return the links that order the list, without an address for the order it is in."""
    chosen = dict(pairs_of(request)).get("ordering")
    links = []
    for code in fields["ordering"].item.codes:
        sign = ", descending" if code.startswith("-") else ""
        text = f"{in_words(code.removeprefix('-'))}{sign}"
        href = "" if code == chosen else asking(request, ("cursor",), ordering=code)
        links.append(Link(text, href))
    return links


def _formats(request: HttpRequest, view: Any) -> list[Link]:
    """Return the links to the list in other formats."""
    return [
        Link(FORMATS[known.format], asking(request, UNPAGED, format=known.format))
        for known in view.formats("list")
        if known.format in FORMATS
    ]


def dyads_page(view: Any, data: JsonObject) -> JsonObject:
    """Return what the page of the list of dyads shows."""
    records, entries = Records(), []
    for dyad in data["results"]:
        named = [records.links.to("countries", code) for code in (dyad.first, dyad.second)]
        node = Node(Link(dyad.id, local(f"/api/v1/dyads/{dyad.id}")))
        node.codes = [
            f"{number} {name if number > 1 else name.removesuffix('s')}"
            for name in NUMBERS
            if (number := getattr(dyad, name))
        ]
        entries.append((node, named))
    shown = list_page(view, data, [node for node, _ in entries], records)
    for node, named in entries:
        node.heading.text = " and ".join(link.text for link in named)
    return shown


def search_page(view: Any, data: JsonObject) -> JsonObject:
    """Return what the page of the hits of a search shows."""
    records = Records()
    entries = []
    for hit in data["results"]:
        link = records.links.of_kind(hit["kind"], hit["id"])
        link.text = hit["title"]
        entries.append(Node(link, codes=[in_words(hit["kind"])], note=hit["snippet"]))
    return list_page(view, data, entries, records)
