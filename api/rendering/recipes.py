"""Page recipes: what all pages of a list share, kept so that the next page need not find it out.

Reading and checking the parameters of a list and building its queries takes longer than reading a
page of rendered records. All of that is the same whatever the cursor is.
"""

import re
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from rest_framework.exceptions import APIException

from api.database.compiled import CompiledQuery, ParameterSlot
from api.database.release import ServedRelease, served, snapshot
from api.formats import streams
from api.keyset import KeysetPager, Lookups, index_ranges
from api.models import Rendering

KEPT = 256
"""How many recipes are kept; when there are more, all of them make room."""
PLAIN_QUERY = re.compile(r"(?:[a-z_]+=[^&]*(?:&[a-z_]+=[^&]*)*)?")
"""A query whose names are not percent-encoded, so that a cursor in it is found as text."""
CURSOR = "cursor="

RecipeKey = tuple[str, ...]
"""Scheme, host, path, and the parameters but for the cursor."""


class PageRecipe:
    """Any page of a list whose records are rendered; only its cursor varies."""

    def __init__(
        self,
        token: str,
        pager: KeysetPager,
        resource: str,
        queryset: QuerySet[Any],
        page: dict[str, Any],
    ) -> None:
        """Take what the pages share: the state of the dataset, and what surrounds the records."""
        self.token = token
        self._pager, self._resource, self._page = pager, resource, page
        self._rows = queryset.values_list("pk", *(column.name for column in pager.columns))
        self._compiled: dict[Any, list[CompiledQuery]] = {}

    def body(self, cursor: str | None) -> str:
        """Return the page that begins at this cursor.

        Raises InvalidParametersError, StaleCursorError and django.db.Error.
        """
        backwards, values = self._pager.begin(cursor)
        leaf = self._pager.page(
            self._read(values, backwards=backwards),
            lambda row: list(row[1:]),
            backwards=backwards,
            begun=values is not None,
        )
        places = [f"{self._resource}/{row[0]}" for row in leaf.rows]
        bodies = Rendering.bodies(places)
        page = {**self._page, "next": leaf.next, "previous": leaf.previous}
        return streams.page_of(page, (bodies[place] for place in places))

    def _read(self, values: list[Any] | None, *, backwards: bool) -> list[Any]:
        """Return the first rows after the one with these values, one more than a page holds."""
        number = self._pager.size + 1
        connection = connections[router.db_for_read(self._rows.model)]
        stored = {
            column.name: column.field.get_db_prep_value(value, connection)
            for column, value in zip(self._pager.columns, values or (), strict=values is not None)
        }
        found: list[Any] = []
        for query in self._queries(values, backwards=backwards):
            with connection.cursor() as cursor:
                query.run(cursor, stored)
                found += cursor.fetchmany(number - len(found))
            if len(found) == number:
                break
        return found

    def _queries(self, values: list[Any] | None, *, backwards: bool) -> list[CompiledQuery]:
        """Return the queries that find these rows; they differ only where a value is null."""
        key = backwards, values and tuple(value is None for value in values)
        if key not in self._compiled:
            slots = values and [
                None if value is None else ParameterSlot(column.name, column.field)
                for column, value in zip(self._pager.columns, values, strict=True)
            ]
            ranges = index_ranges(self._pager.read(backwards=backwards), slots)
            queries = [self._compile(conditions, order) for conditions, order in ranges]
            self._compiled[key] = [query for query in queries if query]
        return self._compiled[key]

    def _compile(self, conditions: Lookups, order: list[Any]) -> CompiledQuery | None:
        """Return the query for one range of an index, None if no row can be in it."""
        rows = self._rows.filter(*map(Q, conditions)).order_by(*order)[: self._pager.size + 1]
        try:
            return CompiledQuery(rows)
        except EmptyResultSet:
            return None


_kept: dict[RecipeKey, PageRecipe] = {}


def keep(request: HttpRequest, recipe: PageRecipe) -> None:
    """Keep the recipe of the page that this request was answered with."""
    key, _ = _key_of(request)
    if key:
        if len(_kept) >= KEPT:
            _kept.clear()
        _kept[key] = recipe


def rendered_page(request: HttpRequest) -> tuple[ServedRelease, str] | None:
    """Return the page that a request asks for and the release it is of, None without a recipe.

    None also where the cursor has to be refused. Raises django.db.Error.
    """
    key, cursor = _key_of(request)
    recipe = _kept.get(key) if key else None
    if recipe is None:
        return None
    with snapshot():
        try:
            release = served()
            return (release, recipe.body(cursor)) if release.token == recipe.token else None
        except APIException:
            return None


def _key_of(request: HttpRequest) -> tuple[RecipeKey | None, str | None]:
    """Return the key of the recipe for a request, None for an unusual query, and its cursor."""
    query = request.META.get("QUERY_STRING", "")
    pairs = sorted(query.split("&"))
    cursors = [pair for pair in pairs if pair.startswith(CURSOR)]
    if len(cursors) > 1 or not PLAIN_QUERY.fullmatch(query):
        return None, None
    others = "&".join(pair for pair in pairs if pair not in cursors)
    key = str(request.scheme), request.META.get("HTTP_HOST", ""), request.path, others
    return key, cursors[0].removeprefix(CURSOR) if cursors else None
