"""Rendering: every record stored as JSON when a release is loaded."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.db import connection, transaction

from api.database.release import served
from api.formats.streams import CHUNK, Csv, chunks
from api.models import Bitmap, RenderedState, Rendering
from api.rendering import indexing
from api.rendering.pages import render_json
from api.rendering.shared import share
from api.shaping import JsonObject
from api.views.records import RESOURCES
from api.views.viewset import RecordViewSet
from policy.release.staging import fill

COLUMNS = ("id", "csv_length", "ndjson_length", "body")


def rendered(record: JsonObject, keys: Sequence[str]) -> tuple[int, int, str]:
    """Return the lengths in bytes of a record's lines of CSV and of NDJSON, and its JSON."""
    body = render_json(record)
    return len(Csv.line(record, keys).encode()), len(body.encode()) + 1, body


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
    columns: dict[str, indexing.Pairs] = {}
    for name, one in resource.filterset_class.chosen({}).base_filters.items():
        columns |= one.indexed(model, name)
    store(indexing.of_list(model, columns))


def store(rows: Iterable[indexing.Row]) -> None:
    """Store bitmaps, some at a time."""
    rows = iter(rows)
    while some := list(islice(rows, CHUNK)):
        fill(connection, Bitmap._meta.db_table, indexing.COLUMNS, some)


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
        for resource, viewset in RESOURCES.items():
            for records in serialized(viewset):
                written = [
                    (f"{resource}/{record['id']}", *rendered(record, viewset.keys()))
                    for record in records
                ]
                fill(connection, Rendering._meta.db_table, COLUMNS, written)
            index(viewset)
        store(indexing.of_words())
        stamp = {"stamp": served().stamp}
        RenderedState.objects.update_or_create(pk=RenderedState.ONLY, defaults=stamp)
