"""Records and pages given without asking the whole application, where it gave one like it before.

What comes before a view and after it takes several times as long as reading a rendered record. So
a view that gives rendered records says how it does that, and the next such request is answered
from there, with the headers that the first one had. All else is left to the application, and so
is whatever is out of the ordinary: it finds the words for it.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

from django.core.exceptions import EmptyResultSet
from django.core.signals import request_finished, request_started
from django.db import Error, NotSupportedError, connections, router
from django.db.models import Q, QuerySet
from rest_framework.exceptions import APIException

from api.database.connections import PATIENCE, within
from api.database.release import served, snapshot
from api.formats import streams
from api.keyset import KeysetPager, Lookups, index_ranges
from api.models import Rendering
from api.parameters import MAX_QUERY
from api.serving.cache import Environ, cache_key, entity_tag
from api.serving.compression import Headers
from api.serving.headers import REQUEST_ID_HEADER
from api.serving.middleware import RequestObserver, asked_in, without_slash

RECIPE = "demarche.prepared"
"""The key of the environment under which a view says how to answer others like this request."""
NUMBER = 256
"""How many kinds of requests are kept in mind, those asked last."""
OWN = {"ETag", "Content-Length", REQUEST_ID_HEADER}
"""The headers that each answer has its own of."""
PLAIN_QUERY = re.compile(r"[a-z_]+=[^&]*(?:&[a-z_]+=[^&]*)*")
"""A query whose names are plainly written, so that two names which differ are not the same."""
CURSOR = "cursor="


class Recipe(Protocol):
    """How to answer the requests of one kind."""

    def body(self, varying: str | None) -> str | None:
        """Return the body for what varies among them, None where this is not the way to it."""


@dataclass(frozen=True, slots=True)
class DetailRecipe:
    """Any record of a list; its key varies."""

    resource: str

    def body(self, varying: str | None) -> str | None:
        """Return the record with this key."""
        place = f"{self.resource}/{varying}"
        return Rendering.bodies([place]).get(place)


class PageRecipe:
    """Any page of a list; where it begins varies. The query is written once for each direction."""

    def __init__(
        self, walk: KeysetPager, resource: str, queryset: QuerySet[Any], page: dict[str, Any]
    ) -> None:
        """Take a walk through a list, and what stands around the records on one of its pages."""
        self._walk, self._resource, self._page = walk, resource, page
        self._rows = queryset.values_list("pk", *(column.name for column in walk.columns))
        self._queries: dict[Any, tuple[str, tuple[Any, ...]]] = {}

    def body(self, varying: str | None) -> str | None:
        """Return the page that begins at this cursor."""
        backwards, values = self._walk.begin(varying)
        leaf = self._walk.page(
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
        number = self._walk.size + 1
        connection = connections[router.db_for_read(self._rows.model)]
        empty = values and tuple(value is None for value in values)
        found: list[Any] = []
        parts = index_ranges(self._walk.read(backwards=backwards), values)
        for at, (conditions, order) in enumerate(parts):
            ends = self._stored(conditions, connection)
            place = backwards, empty, at
            if place not in self._queries:
                rows = self._rows.filter(*map(Q, conditions)).order_by(*order)[:number]
                sql, parameters = rows.query.sql_with_params()
                fixed = len(parameters) - len(ends)
                if parameters[fixed:] != ends:
                    raise NotSupportedError("The values are not where they are looked for.")
                self._queries[place] = sql, parameters[:fixed]
            sql, parameters = self._queries[place]
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters + ends)
                found += cursor.fetchmany(number - len(found))
            if len(found) == number:
                break
        return found

    def _stored(self, conditions: Lookups, connection: Any) -> tuple[Any, ...]:
        """Return the values in these conditions as the database takes them."""
        fields = {column.name: column.field for column in self._walk.columns}
        return tuple(
            fields[lookup.partition("__")[0]].get_db_prep_value(value, connection)
            for lookup, value in conditions
            if value is not True and value is not False
        )


@dataclass(frozen=True, slots=True)
class StoredRecipe:
    """A recipe, the state of the dataset it was made for, and the headers of its answers."""

    recipe: Recipe
    token: str
    headers: Headers


RecipeKey = tuple[str, ...]


def kinds_of(environ: Environ) -> list[tuple[RecipeKey, str | None]]:
    """Return the kinds that a request may be of: of a record first, of a page last.

    With each goes what varies among the requests of the kind.
    """
    path, query = without_slash(environ["PATH_INFO"]), environ.get("QUERY_STRING", "")
    host, accept = environ.get("HTTP_HOST", ""), environ.get("HTTP_ACCEPT", "*/*")
    asked = environ["wsgi.url_scheme"], host, accept
    if not query:
        folder, _, key = path.rpartition("/")
        return [((*asked, f"{folder}/"), key), ((*asked, path, ""), None)]
    if len(query) > MAX_QUERY or not PLAIN_QUERY.fullmatch(query):
        return []
    pairs = sorted(query.split("&"))
    cursors = [pair for pair in pairs if pair.startswith(CURSOR)]
    if len(cursors) > 1:
        return []
    others = "&".join(pair for pair in pairs if pair not in cursors)
    return [((*asked, path, others), cursors[0].removeprefix(CURSOR) if cursors else None)]


class RecipeApplication:
    """A WSGI application that answers by the recipes which the views of another left it."""

    def __init__(self, application: Callable[..., Any]) -> None:
        """Take the application."""
        self._application = application
        self._lock = Lock()
        self._kept: OrderedDict[RecipeKey, StoredRecipe] = OrderedDict()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        kinds = kinds_of(environ) if environ["REQUEST_METHOD"] == "GET" else []
        # What a database that fails has kept one waiting already is no longer left to wait.
        with within(PATIENCE):
            for kind, varying in kinds:
                kept = self._find(kind)
                answer = kept and self._answer(environ, kept, varying)
                if answer:
                    start_response("200 OK", answer[0])
                    return [answer[1]]
            return self._ask(environ, start_response, kinds)

    def _find(self, kind: RecipeKey) -> StoredRecipe | None:
        with self._lock:
            kept = self._kept.get(kind)
            if kept:
                self._kept.move_to_end(kind)
            return kept

    def _answer(
        self, environ: Environ, kept: StoredRecipe, varying: str | None
    ) -> tuple[Headers, bytes] | None:
        """Return headers and body, or None where the application has to find the words."""
        request_started.send(type(self), environ=environ)
        try:
            with RequestObserver(environ) as observed:
                with snapshot():
                    token = served().token
                    body = kept.recipe.body(varying) if token == kept.token else None
                if body is None:
                    return None
                observed.note("GET", asked_in(environ), 200)
        except (APIException, EmptyResultSet, Error):
            return None
        finally:
            request_finished.send(type(self))
        written = body.encode()
        own = [
            ("ETag", f'"{entity_tag(token, cache_key(environ))}"'),
            ("Content-Length", str(len(written))),
            (REQUEST_ID_HEADER, observed.request_id),
        ]
        return [*kept.headers, *own], written

    def _ask(
        self,
        environ: Environ,
        start_response: Callable[..., Any],
        kinds: list[tuple[RecipeKey, str | None]],
    ) -> Iterable[bytes]:
        """Ask the application, and keep the recipe that its view leaves, if it does."""
        started: list[Any] = []
        result: Iterable[bytes] = self._application(
            environ, lambda *given: started.extend(given[:2])
        )
        status, headers = started
        left = environ.get(RECIPE)
        if left and kinds and status.startswith("200"):
            recipe, token = left
            kind, _ = kinds[0 if isinstance(recipe, DetailRecipe) else -1]
            common = [pair for pair in headers if pair[0] not in OWN]
            with self._lock:
                self._kept[kind] = StoredRecipe(recipe, token, common)
                if len(self._kept) > NUMBER:
                    self._kept.popitem(last=False)
        start_response(status, headers)
        return result
