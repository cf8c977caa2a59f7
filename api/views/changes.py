"""The releases of the dataset, what each changed, and the feed of them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Count
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api import filtersets
from api.database.release import served
from api.formats.atom import Atom, feed
from api.parameters import PatternField
from api.serializers import changes as serializers
from api.views.base import StrictView
from api.views.viewset import RecordViewSet
from policy.models import Change, PublishedRelease
from policy.models.changes import ChangeType

VERSION = PatternField(r"[0-9]+\.[0-9]+\.[0-9]+", "the version of a release, such as 1.0.0", 20)


class PublishedReleaseViewSet(RecordViewSet):
    """Releases of the dataset, oldest first, with what is new in each."""

    queryset = PublishedRelease.objects.all()
    serializer_class = serializers.PublishedReleaseSerializer
    filterset_class = filtersets.PublishedReleaseFilterSet
    ordering_fields: ClassVar = {"id": "place"}
    ahead = False
    linked_type = None
    key = VERSION

    def complete(self, rows: Sequence[Any]) -> None:
        """Add the numbers of changes, and what is known of the release that is loaded."""
        tell_of(rows)


class ChangeViewSet(RecordViewSet):
    """What each release changed: records that it added, changed, removed or renamed, and why.

    A record is compared with that of the release before, its parts included.
    """

    queryset = Change.objects.all()
    serializer_class = serializers.ChangeSerializer
    filterset_class = filtersets.ChangeFilterSet
    ordering_fields: ClassVar = {
        "id": "pk",
        "change": "change",
        "kind": "kind",
        "record": "record",
    }
    ahead = False
    linked_type = None


class FeedView(StrictView):
    """The releases as a feed."""

    renderer_classes = (Atom,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Return the releases, the newest first, as an Atom feed."""
        releases = list(PublishedRelease.objects.order_by("-place"))
        tell_of(releases)
        return Response(feed(request._request, served().release, releases))


def newest_releases(number: int) -> Any:
    """Return the newest releases as JSON has them, with the numbers of their changes."""
    releases = list(PublishedRelease.objects.order_by("-place")[:number])
    tell_of(releases)
    return serializers.PublishedReleaseSerializer(releases, many=True).data


def tell_of(releases: Sequence[Any]) -> None:
    """Add to releases the numbers of their changes, and which of them is loaded."""
    numbers: Counter[tuple[str, ...]] = Counter()
    keys = [release.pk for release in releases]
    made = Change.objects.filter(release__in=keys).order_by().values_list("release", "change")
    for *key, number in made.annotate(number=Count("pk")):
        numbers[tuple(key)] = number
    loaded: Any = served().release
    for release in releases:
        for change in ChangeType.values:
            setattr(release, change, numbers[release.pk, change])
        release.loaded = release.pk == loaded.version
        release.modified = release.loaded and loaded.modified
        if release.loaded:
            release.content_hash = loaded.content_hash
