"""Answers without REST framework: the same as it would have given, or left to it."""

import json
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError

from api.database.release import served
from api.models import Rendering
from api.rendering import pages
from api.rendering.records import render_all
from api.views import base, viewset
from policy.models import Release
from tests.conftest import RESOURCES, VIEWSETS, some
from tests.samples import FIRST, SECOND
from tests.test_api import CASES
from tests.wsgi import asking, connections_kept

LIST = "/api/v1/statements?page_size=2"
KNOWN = f"/api/v1/countries/{FIRST['id']}"


@pytest.fixture
def both(db, settings, monkeypatch):
    """The application with recipes and without, and what the first left to REST framework."""
    render_all()
    served()
    monkeypatch.setattr(pages, "_kept", {})
    ask, passed, initial = asking(get_wsgi_application()), [], base.StrictView.initial

    def noted(view, request, *args, **kwargs):
        if settings.RECIPES:
            passed.append(request.path)
        initial(view, request, *args, **kwargs)

    def plain(path, **headers):
        settings.RECIPES = False
        answer = ask(path, **headers)
        settings.RECIPES = True
        return answer

    monkeypatch.setattr(base.StrictView, "initial", noted)
    with connections_kept():
        yield SimpleNamespace(prepared=ask, plain=plain, passed=passed)


def target(address):
    """The path and query of a link."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def same(both, path, **headers):
    """Ask both, and compare all but the id of the request; the answer of the one with recipes."""
    headers.setdefault("x_request_id", "the-same")
    got, plain = both.prepared(path, **headers), both.plain(path, **headers)
    assert (got.status, got.headers, got.body) == (plain.status, plain.headers, plain.body)
    return got


def walk(both, path):
    """Go through a list to its end and back, both ways of answering compared page by page."""
    for link in ("next", "previous"):
        while True:
            page = json.loads(same(both, path).body)
            if page[link] is None:
                break
            path = target(page[link])


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_record_is_the_same_and_rest_framework_is_not_asked(both, resource):
    keys = VIEWSETS[resource].queryset.values_list("pk", flat=True)
    for key in keys:
        assert same(both, f"/api/v1/{resource}/{key}").status == 200
    assert not both.passed


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_ordering_walks_the_same_pages_and_rest_framework_is_asked_once(both, resource):
    for column in VIEWSETS[resource].ordering_fields:
        for sign in ("", "-"):
            both.passed.clear()
            walk(both, f"/api/v1/{resource}?page_size=9&ordering={sign}{column}")
            assert len(both.passed) == 1


@pytest.mark.once
@pytest.mark.parametrize("resource", RESOURCES)
def test_every_filter_walks_the_same_pages(both, resource):
    facets = ",".join(VIEWSETS[resource].filterset_class.facets())
    cases = [case for case in CASES if case.startswith(f"{resource}?")]
    for case in some(cases, 3):
        walk(both, f"/api/v1/{case}&page_size=5")
    for case in some(cases, 6) if facets else ():
        walk(both, f"/api/v1/{case}&page_size=7&facets={facets}")


def test_what_may_be_refused_or_written_otherwise_is_left_to_rest_framework(both):
    after = json.loads(both.prepared(LIST).body)["next"].partition("cursor=")[2].partition("&")[0]
    for path, headers in (
        (f"{LIST}&cursor=", {}),
        (f"{LIST}&cursor={after}x", {}),
        (f"{LIST}&cursor={after}&cursor={after}", {}),
        (f"{LIST}&%63ursor={after}", {}),
        (f"{LIST}&%63ursor={after}&cursor={after}", {}),
        (f"{LIST}&page_size=2", {}),
        (f"{LIST}&&cursor={after}", {}),
        (f"{LIST}&page_siz%65=2", {}),
        (f"{LIST}&topic=migration&cursor={after}", {}),
        (f"{LIST}&cursor={after}&kynd=claim", {}),
        (f"{LIST}&cursor={after}{'x' * 20_000}", {}),
        (LIST, {"host": "127.0.0.1"}),
        ("/api/v1/countries/ZZZ", {}),
        ("/api/v1/countries/P%00N", {}),
        (f"{KNOWN}?format=csv", {}),
        (f"{KNOWN}?fields=id", {}),
        (KNOWN, {"accept": "text/html"}),
        (KNOWN, {"accept": "application/ld+json"}),
        (KNOWN, {"accept": "application/json;q=0.5, application/ld+json"}),
    ):
        both.passed.clear()
        same(both, path, **headers)
        assert len(both.passed) == 1, (path, headers)
    for path, headers in (
        (KNOWN.lower(), {}),
        (f"{KNOWN}/x", {}),
        ("/api/v1/countries//", {}),
        (KNOWN, {"host": "elsewhere.example"}),
        (KNOWN, {"accept": "application/json;q=0.5"}),
    ):
        same(both, path, **headers)
    assert both.prepared(KNOWN, "HEAD").status == 200
    assert both.prepared(KNOWN, "POST").status == 405


def test_the_slash_at_the_end_makes_no_difference(both):
    first = both.prepared(KNOWN)
    both.passed.clear()
    assert both.prepared(f"{KNOWN}/").body == first.body
    assert not both.passed


def test_a_recipe_of_another_release_is_not_followed(both):
    paths = [LIST, KNOWN]
    for path in paths:
        both.prepared(path)
    other = Rendering.objects.get(pk=f"countries/{SECOND['id']}")
    Rendering.objects.filter(pk=f"countries/{FIRST['id']}").update(body=other.body)
    Release.objects.update(content_hash="0" * 64, version="9.9.9")
    both.passed.clear()
    for path in paths:
        assert same(both, path).headers["dataset-version"] == "9.9.9"
    assert len(both.passed) == 2
    assert json.loads(both.prepared(paths[1]).body)["alpha2"] == FIRST["alpha2"]


def test_a_database_that_fails_is_told(both, monkeypatch):
    both.prepared(KNOWN)

    def away(place):
        raise OperationalError("gone")

    monkeypatch.setattr(viewset, "rendered_record", away)
    assert both.prepared(KNOWN).status == 503
    monkeypatch.undo()
    assert both.prepared(KNOWN).status == 200


def test_so_many_recipes_are_kept_and_no_more(both, monkeypatch):
    monkeypatch.setattr(pages, "KEPT", 3)
    for size in range(1, 9):
        both.prepared(f"/api/v1/countries?page_size={size}")
        assert len(pages._kept) == (size - 1) % 3 + 1


def test_a_query_that_leaves_next_no_room_is_refused(api):
    keys = [f"{'never-was-' * 11}{number:03}" for number in range(100)]
    for number, fits in ((10, True), (30, False)):
        excluded = f"exclude_source={','.join(keys)}&exclude_speaker={','.join(keys[:number])}"
        response = api.get(f"/api/v1/statements?page_size=1&{excluded}")
        assert response.status_code == (200 if fits else 400), response.content
        if fits:
            following = api.get(response.json()["next"])
            assert following.status_code == 200
            assert following.json()["results"]
        else:
            assert "cursor" in response.json()["detail"]
