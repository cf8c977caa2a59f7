"""Records rendered once, when a release is loaded, by the serializers that the schema describes."""

from django.db import connection, transaction

from api.database.release import served
from api.formats.streams import CHUNK, chunks
from api.models import RenderedState, Rendering
from api.rendering.pages import render_json
from api.rendering.shared import share
from api.views.records import RESOURCES
from policy.release.staging import fill
from policy.search import counts


def render_all() -> None:
    """Render every record of the release that is loaded; the loader calls it before it commits.

    Common words are counted beside, for a search need not do it then.

    Whatever reads a record goes on without its rendering when this was not done, or was done for
    another release: the answers are the same, though they take longer.
    """
    if served().rendered:
        return
    with transaction.atomic():
        Rendering.objects.all().delete()
        for resource, viewset in RESOURCES.items():
            view = viewset.alone()
            serializer = view.get_serializer()
            queryset, shared = share(serializer, view.queryset)
            for rows in chunks(queryset.order_by("pk"), CHUNK):
                view.complete(rows)
                for related in shared:
                    related.attach(rows)
                written = [
                    (f"{resource}/{row.pk}", render_json(serializer.to_representation(row)))
                    for row in rows
                ]
                fill(connection, Rendering._meta.db_table, ("id", "body"), written)
        state = {"stamp": served().stamp, "common_words": counts.numbers()}
        RenderedState.objects.update_or_create(pk=RenderedState.ONLY, defaults=state)
