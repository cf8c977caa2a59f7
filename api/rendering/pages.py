"""Pages of rendered records, and recipes: what all pages of a list share.

Reading and checking the parameters of a list and building its queries takes longer than reading a
page of rendered records. All of that is the same whatever the cursor is, so it is kept.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

from api.database.connections import CompiledQuery, ParameterSlot
from api.database.release import ServedRelease, served, snapshot
from api.keyset import KeysetPager, Lookups, index_ranges
from api.models import Rendering
from api.rendering.walks import IndexedRows
from api.shaping import JsonObject

KEPT = 100
"""How many recipes are kept, most with a bitmap; when there are more, all of them make room."""
PLAIN_QUERY = re.compile(r"(?:[a-z_]+=[^&]*(?:&[a-z_]+=[^&]*)*)?")
"""A query whose names are not percent-encoded, so that a cursor in it is found as text."""
CURSOR = "cursor="

_encode = JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode

RecipeKey = tuple[str, ...]
"""Scheme, host, path, and the parameters but for the cursor."""


def render_json(content: Any) -> str:
    """Return content as DRF's JSONRenderer writes it, which makes an encoder for each answer."""
    # JavaScript once took these two for line terminators, so the renderer escapes them.
    return _encode(content).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def bodies(places: Sequence[str]) -> dict[str, str]:
    """Return renderings by their ids; the query is written here, as every page asks it."""
    if not places:
        return {}
    marks = ", ".join(["%s"] * len(places))
    sql = f"SELECT id, body FROM {Rendering._meta.db_table} WHERE id IN ({marks})"  # noqa: S608
    with connections[router.db_for_read(Rendering)].cursor() as cursor:
        cursor.execute(sql, places)
        return dict(cursor.fetchall())


def json_response(body: str, allow: str | None = None) -> HttpResponse:
    """Return an answer of JSON that is written already; ``allow`` is its Allow header.

    REST framework sets that itself where it is not left out.
    """
    headers = {"Allow": allow} if allow else None
    return HttpResponse(body.encode(), content_type=JSONRenderer.media_type, headers=headers)


def page_of(page: JsonObject, bodies: Iterable[str]) -> str:
    """Return a page whose records are written already, just as it would be written with them."""
    around = render_json({**page, "results": []})
    return f"{around.removesuffix(']}')}{','.join(bodies)}]}}"


class PageRecipe:
    """Any page of a list whose records are rendered; only its cursor varies."""

    def __init__(
        self,
        token: str,
        pager: KeysetPager,
        resource: str,
        queryset: QuerySet[Any],
        page: dict[str, Any],
        *,
        indexed: IndexedRows | None,
    ) -> None:
        """Take what the pages share: the state of the dataset, and what surrounds the records.

        ``indexed`` are the rows of the list where the bitmap index reads its pages.
        """
        self._indexed = indexed
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
        found = bodies(places)
        page = {**self._page, "next": leaf.next, "previous": leaf.previous}
        return page_of(page, (found[place] for place in places))

    def _read(self, values: list[Any] | None, *, backwards: bool) -> list[Any]:
        """Return the first rows after the one with these values, one more than a page holds."""
        number = self._pager.size + 1
        if self._indexed is not None:
            rows = self._indexed.read(self._pager.read(backwards=backwards), values, number)
            return [(row[-1], *row) for row in rows]
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
            usable = release.rendered and release.token == recipe.token
            return (release, recipe.body(cursor)) if usable else None
        except APIException:
            return None


def _key_of(request: HttpRequest) -> tuple[RecipeKey | None, str | None]:
    """Return the key of the recipe for a request, None for an unusual query, and its cursor."""
    query = request.META.get("QUERY_STRING", "")
    # By name alone: a list that is repeated keeps its order.
    pairs = sorted(query.split("&"), key=lambda pair: pair.partition("=")[0])
    cursors = [pair for pair in pairs if pair.startswith(CURSOR)]
    if len(cursors) > 1 or not PLAIN_QUERY.fullmatch(query):
        return None, None
    others = "&".join(pair for pair in pairs if pair not in cursors)
    key = str(request.scheme), request.META.get("HTTP_HOST", ""), request.path, others
    return key, cursors[0].removeprefix(CURSOR) if cursors else None
