"""Stored renderings: the same bytes as without them, and used only while they are true."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat, Left
from django.test.utils import CaptureQueriesContext
from rest_framework.fields import CharField
from rest_framework.renderers import JSONRenderer

from api.database import release
from api.database.release import HALF, served
from api.formats import streams
from api.models import RenderedState, Rendering
from api.rendering import records as rendering
from api.rendering import shared, version
from api.rendering.pages import render_json
from api.rendering.records import render_all
from api.rendering.version import serializers_digest
from api.serializers import records as serializers
from api.serializers.base import PlainSerializer
from policy.models import Release
from policy.models.base import Support
from tests.conftest import FIXTURES, RESOURCES, VIEWSETS, some
from tests.samples import FIRST, SECOND, WORD, records
from tests.test_api import CASES


def asked(resource):
    """What to ask of a list, in every shape and format it has."""
    viewset = VIEWSETS[resource]
    column = next(iter(viewset.ordering_fields))
    yield from (f"{resource}?page_size=500", f"{resource}?page_size=2&ordering=-{column}")
    yield from (f"{resource}?q=u*&page_size=3", f"{resource}?fields=id", f"{resource}?omit=id")
    for name, values in (
        ("expand", viewset.expandable),
        ("facets", viewset.filterset_class.facets()),
    ):
        if values:
            yield f"{resource}?{name}={','.join(values)}"
    formats = [known.format for known in viewset.formats("list")]
    yield from (f"{resource}?format={name}" for name in formats)
    yield from some((one for one in CASES if one.partition("?")[0] == resource), 4)


def answer(api, path):
    """The status, the headers that tell of the content, and the content."""
    response = api.get(f"/api/v1/{path}")
    content = b"".join(response)
    headers = {name: response.get(name) for name in ("Content-Type", "ETag", "Vary", "Allow")}
    return response.status_code, headers, content


@pytest.mark.parametrize("resource", RESOURCES)
def test_the_stored_lengths_are_those_of_the_lines(api, monkeypatch, resource):
    # Lists of every length are sent as long ones are.
    monkeypatch.setattr(streams, "CHUNK", 1)
    render_all()
    for query in ("", f"&q={WORD}", "&support=inferred", "&ordering=-id"):
        for name in ("csv", "ndjson"):
            response = api.get(f"/api/v1/{resource}?format={name}{query}")
            if response.status_code == 400:
                assert query == "&support=inferred"
                continue
            content = b"".join(response)
            assert len(content) == int(response["Content-Length"])
            assert query or response.streaming == (VIEWSETS[resource].queryset.count() > 1)


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("resource", RESOURCES)
def test_an_answer_is_the_same_with_renderings_and_without(api, resource):
    paths = list(asked(resource))
    keys = [record["id"] for record in api.get(f"/api/v1/{paths[0]}").json()["results"]]
    paths += [f"{resource}/{key}" for key in some(keys, 4)] + [f"{resource}/{keys[0]}?omit=id"]
    assert not served().rendered
    plain = [answer(api, path) for path in paths]
    assert {status for status, _, _ in plain} == {200}
    render_all()
    assert served().rendered
    assert [answer(api, path) for path in paths] == plain


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_rendered_list_costs_few_queries(api, resource):
    render_all()
    # Only what was not there a moment ago is read in full.
    served()
    with CaptureQueriesContext(connection) as captured:
        assert api.get(f"/api/v1/{resource}?page_size=500").status_code == 200
    # The release, which also tells the count, the keys and the renderings.
    assert len([q for q in captured if "SAVEPOINT" not in q["sql"]]) == 3


def test_what_is_rendered_is_not_rendered_again(db):
    render_all()
    with CaptureQueriesContext(connection) as captured:
        render_all()
    assert len(captured) <= 6  # of which all look at the release, and at what is kept with it


def test_an_absent_record_is_404_with_renderings_too(api):
    render_all()
    assert api.get("/api/v1/countries/ZZZ").status_code == 404
    assert api.get(f"/api/v1/countries/{FIRST['alpha2'].lower()}").json()["id"] == FIRST["id"]


def test_renderings_of_another_release_are_not_used(api):
    render_all()
    one, other = (f"countries/{country['id']}" for country in (FIRST, SECOND))
    body = Rendering.objects.get(pk=other).body
    Rendering.objects.filter(pk=one).update(body=body)
    assert api.get(f"/api/v1/{one}").json()["alpha2"] == SECOND["alpha2"]
    Release.objects.update(content_hash="0" * 64)
    assert api.get(f"/api/v1/{one}").json()["alpha2"] == FIRST["alpha2"]


def test_attached_texts_are_rendered(api, article):
    render_all()
    call_command("attach_text", article.source, article.path, verbosity=0)
    assert served().rendered
    passage = next(one for one in records("passages") if one["source"] == article.source)
    text = api.get(f"/api/v1/passages/{passage['id']}").json()["text"]
    assert text == article.text(passage)


def test_loading_renders(db, tmp_path):
    Release.objects.update(content_hash="0" * 64)
    RenderedState.objects.all().delete()
    call_command("loaddata", *FIXTURES, verbosity=0)
    assert not served().rendered
    render_all()
    assert Rendering.objects.count() == sum(
        viewset.queryset.count() for viewset in VIEWSETS.values()
    )


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_record_is_rendered_as_rest_framework_would(db, resource, monkeypatch):
    render_all()
    alone = VIEWSETS[resource].alone()
    rows = list(alone.queryset)
    records = alone.serialized(rows)
    monkeypatch.delattr(PlainSerializer, "to_representation")
    expected = alone.serialized(rows)
    assert expected
    assert records == expected
    found = Rendering.objects.in_bulk(f"{resource}/{row.pk}" for row in rows)
    written = [JSONRenderer().render(record).decode() for record in expected]
    assert [found[f"{resource}/{row.pk}"].body for row in rows] == written


@pytest.mark.parametrize(
    "value",
    ["", 'a "b" \\ c\n', "é\u2028\u2029\x7f", Support.STATED, 0, -7, 0.5, -0.0, 1e-05, 1e300, True,
     None, Decimal("1.50"), date(2025, 2, 1), [], [1, "é"], {"a": None}],
)  # fmt: skip
def test_a_value_is_written_as_rest_framework_would(value):
    assert render_json([value]) == JSONRenderer().render([value]).decode()


def bodies():
    return dict(Rendering.objects.values_list("pk", "body"))


def test_related_rows_that_are_no_longer_kept_are_read_again(db, monkeypatch):
    render_all()
    usual = bodies()
    RenderedState.objects.all().delete()
    monkeypatch.setattr(shared, "KEPT", 1)
    monkeypatch.setattr(shared, "ASKED", 2)
    monkeypatch.setattr(rendering, "CHUNK", 2)
    render_all()
    assert bodies() == usual


@pytest.mark.parametrize(
    ("options", "same"), [({"help_text": "Other words."}, True), ({"source": "pk"}, False)]
)
def test_renderings_depend_on_fields_and_their_options_not_on_wording(monkeypatch, options, same):
    def digest(**options):
        fields = {"name": CharField(read_only=True, **options)}
        changed = type("Changed", (serializers.CountrySerializer,), fields)
        monkeypatch.setattr(serializers, "CountrySerializer", changed)
        return serializers_digest.__wrapped__()

    assert (digest() == digest(**options)) is same


def test_renderings_depend_on_the_names_of_lists(monkeypatch):
    before = serializers_digest.__wrapped__()
    monkeypatch.setattr(version, "list_name", lambda model: f"{model.__name__}-renamed")
    assert serializers_digest.__wrapped__() != before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda: RenderedState.objects.all().delete(), "there are none"),
        (lambda: Release.objects.update(content_hash="0" * 64), "held something else"),
        (
            lambda: RenderedState.objects.update(
                stamp=Concat(Left("stamp", HALF), Value("0" * HALF))
            ),
            "another version of the serializers",
        ),
        (lambda: None, None),
    ],
)
def test_a_line_of_the_log_says_once_why_renderings_are_not_used(db, change, why, monkeypatch):
    render_all()
    change()
    lines = []
    monkeypatch.setattr(release, "FRESH", -1)
    # On a busy machine the tables take longer than that to examine.
    monkeypatch.setattr(release, "TRUSTED", 60)
    monkeypatch.setattr(release.logger, "warning", lambda line, *args: lines.append(line % args))
    watch = release.Watch()
    for _ in range(2):
        assert watch.served().rendered is (why is None)
    assert len(lines) == (why is not None)
    assert all(why in line for line in lines)
