"""Pages of a list: the parameters of paging, the page asked for, and its JSON schema."""

from typing import Any, ClassVar

from rest_framework.pagination import BasePagination
from rest_framework.request import Request

from api.addresses import absolute
from api.database.release import current
from api.keyset import CursorField, KeysetPager, Page, order_columns
from api.listing import Listing
from api.parameters import OrderingField, ParameterField, Values, WholeNumberField

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 500


class KeysetPagination(BasePagination):
    """Cuts a list into pages and links each to its neighbours."""

    fixed_fields: ClassVar[dict[str, ParameterField]] = {
        "cursor": CursorField(
            help_text="Where a page begins: taken from next or previous, never made by hand. It is "
            "bound to its filters, its ordering and its release."
        ),
        "page_size": WholeNumberField(
            1,
            MAX_PAGE_SIZE,
            default=DEFAULT_PAGE_SIZE,
            help_text="Greatest number of records on a page.",
        ),
    }

    @classmethod
    def fields(cls, ordering: Any) -> dict[str, ParameterField]:
        """Return the parameters of paging by name; ``ordering`` has the names to order by."""
        text = (
            "Columns to order by, the first one first; a minus sign turns one round. Records "
            "without a value come last. The key decides between equals."
        )
        return {**cls.fixed_fields, "ordering": OrderingField(ordering, help_text=text)}

    def read(
        self,
        listing: Listing,
        request: Request,
        values: Values,
        ordering_fields: Any,
        *,
        keys_only: bool,
    ) -> list[Any]:
        """Return the rows of one page; raises InvalidParametersError and StaleCursorError.

        ``values`` are the request's parameters as their fields read them. With ``keys_only`` no
        more of a row is needed than its key.
        """
        columns = order_columns(listing.rows, ordering_fields, values.get("ordering", []))
        asked = request.query_params
        self.release = current()
        self.pager = KeysetPager(
            columns,
            values.get("page_size", DEFAULT_PAGE_SIZE),
            (self.release.content_hash, request.path),
            {name: str(asked[name]) for name in asked if name != "cursor"},
            absolute(request._request, request.path),
        )
        backwards, after = self.pager.begin(values.get("cursor"))
        self.count = listing.count(self.release)
        rows = listing.read(
            self.pager.read(backwards=backwards),
            after,
            self.pager.size + 1,
            total=self.count,
            keys_only=keys_only,
        )
        self.page: Page[Any] = self.pager.page(
            rows,
            lambda row: [getattr(row, column.name) for column in columns],
            backwards=backwards,
            begun=after is not None,
        )
        return self.page.rows

    def envelope(self, facets: dict[str, Any]) -> dict[str, Any]:
        """Return what stands around the records: release, count, links and facets."""
        return {
            "release": self.release.version,
            "count": self.count,
            "next": self.page.next,
            "previous": self.page.previous,
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
                    "allOf": [{"$ref": "#/components/schemas/Facets"}],
                    "description": "Per facet that was asked for, the number of records in the "
                    "whole list by value, the most frequent first.",
                    "examples": [{"topic": [{"value": "migration", "count": 7}]}],
                },
                "results": {**schema, "description": "The records of this page, in order."},
            },
        }
