"""Rendering: every record stored as JSON when a release is loaded."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.db import connection, transaction
from django.db.models import Model

from api.database.release import served
from api.formats.streams import CHUNK, Csv, Ndjson, chunks, in_bytes
from api.models import Bitmap, LineLengths, RenderedState, Rendering
from api.rendering import indexing
from api.rendering.pages import render_json
from api.rendering.shared import share
from api.shaping import JsonObject
from api.views.records import RESOURCES
from api.views.viewset import RecordViewSet
from policy.release.records import DatabaseRow
from policy.release.staging import fill

COLUMNS = ("id", "body")


def rendered(record: JsonObject, keys: Sequence[str]) -> tuple[str, int, int]:
    """Return a record as JSON, and the lengths in bytes of its lines of CSV and of NDJSON."""
    body = render_json(record)
    return body, len(Csv.line(record, keys).encode()), len(body.encode()) + 1


def serialized(viewset: type[RecordViewSet]) -> Iterator[Iterable[JsonObject]]:
    """Yield all records of a list, in the order of their keys, a chunk at a time."""
    view = viewset.alone()
    serializer = view.get_serializer()
    queryset, shared = share(serializer, view.queryset)
    for rows in chunks(queryset.order_by("pk"), CHUNK):
        view.complete(rows)
        for related in shared:
            related.attach(rows)
        yield map(serializer.to_representation, rows)


def index(resource: type[RecordViewSet]) -> None:
    """Store the bitmaps of a list: of the records that each value of a filter finds."""
    model = resource.queryset.model  # type: ignore[union-attr]
    columns: dict[str, indexing.Pairs | str] = {}
    for name, one in resource.filterset_class.chosen({}).base_filters.items():
        columns |= one.indexed(model, name)
    store(indexing.of_list(model, columns))


def store(rows: Iterable[indexing.Row]) -> None:
    """Store bitmaps, some at a time."""
    rows = iter(rows)
    while some := list(islice(rows, CHUNK)):
        fill_with_bytes(Bitmap, indexing.COLUMNS, some)


def fill_with_bytes(
    model: type[Model], columns: Sequence[str], rows: Sequence[DatabaseRow]
) -> None:
    """Insert rows with bytes, which psycopg would write by the session's settings for literals."""
    if connection.vendor == "postgresql":
        rows = [[f"\\x{v.hex()}" if isinstance(v, bytes) else v for v in row] for row in rows]
    fill(connection, model._meta.db_table, columns, rows)


def render_all(*, anew: bool = False) -> None:
    """Render all records of the release that is loaded, unless that was done already.

    With ``anew`` it is done again. The loader calls this before it commits. The bitmap index
    is stored with the renderings. Without them, or with those of
    another state, the answers are the same but take longer.
    """
    if served().rendered and not anew:
        return
    with transaction.atomic():
        Rendering.objects.all().delete()
        Bitmap.objects.all().delete()
        LineLengths.objects.all().delete()
        for resource, viewset in RESOURCES.items():
            lines = {Csv: array("I"), Ndjson: array("I")}
            for records in serialized(viewset):
                written = []
                for record in records:
                    body, csv, ndjson = rendered(record, viewset.keys())
                    written.append((f"{resource}/{record['id']}", body))
                    lines[Csv].append(csv)
                    lines[Ndjson].append(ndjson)
                fill(connection, Rendering._meta.db_table, COLUMNS, written)
            lengths = [
                (f"{resource}.{one.format}", sum(n), in_bytes(n)) for one, n in lines.items()
            ]
            fill_with_bytes(LineLengths, ("id", "total", "lengths"), lengths)
            index(viewset)
        store(indexing.of_words())
        stamp = {"stamp": served().stamp}
        RenderedState.objects.update_or_create(pk=RenderedState.ONLY, defaults=stamp)
