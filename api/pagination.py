"""Pages of a list in DRF: which are asked for, how many records there are, and the schema."""

from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request

from api.addresses import absolute
from api.database.release import current, served
from api.keyset import MAX_CURSOR, RANK, Column, KeysetPager, Page, cut, order_columns
from api.parameters import RefusedError, Whole
from api.problems import InvalidParametersError, error
from policy.models import SearchEntry
from policy.models.search import KIND_OF
from policy.search.counts import number_of
from policy.search.hits import Hits
from policy.search.words import entry_key, record_key

PAGE_SIZE = Whole(1, 500)
DEFAULT_PAGE_SIZE = 50


class Hit(NamedTuple):
    """What stands for a record that was found, where its rendering tells the rest."""

    pk: str
    rank: int

    @property
    def id(self) -> str:
        """The key by its other name."""
        return self.pk


class KeysetPagination(BasePagination):
    """Cuts a list into pages and links each to its neighbours."""

    parameters: ClassVar = ("cursor", "ordering", "page_size")

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any]:
        """Return one page of the list; raises InvalidParametersError and StaleCursorError."""
        asked = request.query_params
        size = DEFAULT_PAGE_SIZE
        errors = []
        try:
            size = PAGE_SIZE.read(asked["page_size"]) if "page_size" in asked else size
        except RefusedError as refused:
            errors.append(error("page_size", refused.detail))
        columns = []
        try:
            columns = order_columns(queryset, view.ordering_fields, asked.get("ordering", ""))
        except RefusedError as refused:
            errors.append(error("ordering", refused.detail, refused.nearest, refused.allowed))
        if errors:
            raise InvalidParametersError(errors)
        self.release = current()
        self.walk = KeysetPager(
            columns,
            size,
            (self.release.content_hash, request.path),
            {name: str(asked[name]) for name in asked if name != "cursor"},
            absolute(request._request, request.path),
        )
        backwards, values = self.walk.begin(asked.get("cursor"))
        found: Hits | None = getattr(view, "found", None)
        counted = getattr(view, "counted", None)
        if found is not None:
            self.count = _number(self.release.content_hash, found)
        else:
            self.count = self._counted(queryset if counted is None else counted)
        read = self.walk.read(backwards=backwards)
        if found is not None and _by_rank_and_key(read):
            rendered: bool = view.rendered
            rows = self._found(
                view.get_queryset(), found, read, values, size + 1, rendered=rendered
            )
        else:
            rows = cut(queryset, read, values, size + 1)
        self.leaf: Page[Any] = self.walk.leaf(
            rows,
            lambda row: [getattr(row, column.name) for column in columns],
            backwards=backwards,
            begun=values is not None,
        )
        return self.leaf.rows

    def _counted(self, queryset: QuerySet[Any]) -> int:
        """Return the number of records; the release tells that of a list nobody narrowed."""
        if queryset.query.where:
            return queryset.count()
        kind = str(queryset.model._meta.verbose_name_plural).replace(" ", "_")
        told: int | None = self.release.counts.get(kind)
        return queryset.count() if told is None else told

    def _found(
        self,
        records: QuerySet[Any],
        found: Hits,
        read: list[Column],
        values: list[Any] | None,
        number: int,
        *,
        rendered: bool,
    ) -> list[Any]:
        """Return the first records after the one with these values, looked up by what was found.

        Of those that are ``rendered`` no more is needed than the key.
        """
        by_entry = records.model is SearchEntry
        place = None
        if values is not None:
            rank, key = values
            place = rank, key if by_entry else entry_key(KIND_OF[records.model], key)
        places = found.after(place, number, self.count, backwards=not read[0].descending)
        if by_entry:
            keys = {entry: entry for _, entry in places}
        else:
            keys = {entry: record_key(KIND_OF[records.model], entry) for _, entry in places}
        if rendered:
            return [Hit(keys[entry], rank) for rank, entry in places]
        by_key = {row.pk: row for row in records.filter(pk__in=keys.values())}
        for rank, entry in places:
            by_key[keys[entry]].rank = rank
        return [by_key[keys[entry]] for _, entry in places]

    def page(self, facets: dict[str, Any]) -> dict[str, Any]:
        """Return what stands around the records: release, count, links and facets."""
        return {
            "release": self.release.version,
            "count": self.count,
            "next": self.leaf.next,
            "previous": self.leaf.previous,
            "facets": facets,
        }

    def get_paginated_response_schema(self, schema: Any) -> Any:
        """Return the JSON schema of a page."""
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "description": "One page of a list, and the way to the others.",
            "required": ["release", "count", "next", "previous", "facets", "results"],
            "properties": {
                "release": {
                    "type": "string",
                    "description": "Version of the release the page was read from.",
                    "examples": ["1.0.0"],
                },
                "count": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "Number of records in the whole list, all pages together.",
                    "examples": [11],
                },
                "next": {**link, "description": "URL of the next page; null on the last."},
                "previous": {**link, "description": "URL of the page before; null on the first."},
                "facets": {
                    "type": "object",
                    "description": "Per facet that was asked for, the number of records in the "
                    "whole list by value, the most frequent first.",
                    "additionalProperties": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/FacetCount"},
                    },
                    "examples": [{"topic": [{"value": "migration", "count": 7}]}],
                },
                "results": {**schema, "description": "The records of this page, in order."},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters of paging."""
        names = [f"{sign}{name}" for name in view.ordering_fields for sign in ("", "-")]
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "Where a page begins: taken from next or previous, never made by "
                "hand. It is bound to its filters, its ordering and its release.",
                "schema": {"type": "string", "maxLength": MAX_CURSOR},
            },
            {
                "name": "ordering",
                "in": "query",
                "description": "Columns to order by, the first one first; a minus sign turns one "
                "round. Records without a value come last. The key decides between equals.",
                "schema": {
                    "type": "array",
                    "items": {"type": "string", "enum": names},
                    "minItems": 1,
                    "uniqueItems": True,
                },
                "style": "form",
                "explode": False,
            },
            {
                "name": "page_size",
                "in": "query",
                "description": "Greatest number of records on a page.",
                "schema": {**PAGE_SIZE.schema, "default": DEFAULT_PAGE_SIZE},
            },
        ]


def _by_rank_and_key(columns: list[Column]) -> bool:
    return columns[0].name == RANK and len(columns) == 2 and columns[1].field.primary_key


@lru_cache(1000)
def _number(content_hash: str, found: Hits) -> int:
    """Return the number of hits, which a release never changes: every page of a search tells it."""
    kept = number_of(found, served().common_words)
    return found.count() if kept is None else kept
