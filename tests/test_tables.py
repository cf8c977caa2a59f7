"""The tables as who loads them sees them: codes with their meanings, and views for people."""

from operator import attrgetter

import pytest
from django.apps import apps
from django.db import connection

from policy.database.installation import create_views, drop_views
from policy.database.views import views
from policy.models import (
    BilateralIssue,
    Code,
    Country,
    Event,
    Gap,
    IssueSide,
    Official,
    Organisation,
    Relation,
    Source,
    Statement,
    Trip,
)
from policy.models.registry import RecordKind, served_models
from tests.samples import records

pytestmark = pytest.mark.django_db


def test_the_table_of_codes_holds_the_codebook(client):
    told = client.get("/api/v1/codebook").json()
    codes = {(code.vocabulary, code.event_type, code.code): code for code in Code.objects.all()}
    expected = {
        (vocabulary["name"], None, code["code"]): (code["label"], code["definition"])
        for vocabulary in told["vocabularies"]
        for code in vocabulary["codes"]
    }
    for event_type in told["plover"]:
        code = codes["event_type", None, event_type["code"]]
        assert (code.quad, code.score) == (event_type["quad"], event_type["score"])
        for mode in event_type["modes"]:
            key = ("mode", event_type["code"], mode["code"])
            expected[key] = (mode["label"], mode["definition"])
            assert (codes[key].quad, codes[key].score) == (event_type["quad"], mode["score"])
    assert {key: (code.label, code.definition) for key, code in codes.items()} == expected


def test_codes_of_plover_name_the_manual():
    for code in Code.objects.all():
        of_plover = code.vocabulary in {"event_type", "mode", "quad", "sector", "context"}
        assert not of_plover or "PLOVER" in code.source
        assert (code.score is not None) == (code.vocabulary in {"event_type", "mode"})


def test_every_code_that_a_record_has_is_in_the_table():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM policy_event AS e WHERE event_type IS NOT NULL AND NOT EXISTS "
            "(SELECT 1 FROM policy_code AS c WHERE c.vocabulary = 'event_type' "
            "AND c.code = e.event_type)"
        )
        assert cursor.fetchone() == (0,)


def rows_of(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("view", views(), ids=lambda view: view.name)
def test_a_view_has_the_columns_it_explains(view):
    found = rows_of(f"SELECT * FROM {view.name}")
    assert found, "no row: join from the table that has them"
    assert [*found[0]] == [column.name for column in view.columns]
    for text in (view.text, *(column.text for column in view.columns)):
        assert text.endswith(".")


@pytest.mark.parametrize(
    ("view", "model", "key"),
    [
        ("countries", Country, "id"), ("organisations", Organisation, "id"),
        ("officials", Official, "id"), ("statements", Statement, "id"),
        ("issues", BilateralIssue, "id"), ("positions", IssueSide, "id"), ("events", Event, "id"),
        ("trips", Trip, "id"), ("relations", Relation, "id"), ("gaps", Gap, "id"),
        ("sources", Source, "id"), ("codes", Code, "id"),
    ],
)  # fmt: skip
def test_a_view_leaves_out_no_record_and_doubles_none(view, model, key):
    found = [row[key] for row in rows_of(f"SELECT {key} FROM {view}")]
    assert set(found) == set(model.objects.values_list("pk", flat=True))
    assert len(found) == len(set(found)) or view in {"officials", "trips"}


def test_every_record_stands_once_in_the_view_of_all():
    found = [(row["kind"], row["record"]) for row in rows_of("SELECT * FROM records")]
    expected = [
        (kind.value, key)
        for kind, model in served_models().items()
        for key in model.objects.values_list("pk", flat=True)
    ]
    assert sorted(found) == sorted(expected)


def test_issues_show_what_the_api_shows(client):
    told = {row["id"]: row for row in rows_of("SELECT * FROM issues")}
    for issue in client.get("/api/v1/bilateral-issues?page_size=500").json()["results"]:
        row = told[issue["id"]]
        assert [row["country_a"], row["country_b"]] == sorted(issue["countries"])
        assert (row["status"], row["account"]) == (issue["status"], issue["account"])
        sides = {side["country"]: side for side in issue["sides"]}
        for letter in "ab":
            side = sides[row[f"country_{letter}"]]
            assert row[f"position_{letter}"] == side["position"]
            assert bool(row[f"not_stated_{letter}"]) == side["not_stated"]


def test_events_have_the_quad_and_score_of_the_api(client):
    told = {row["id"]: row for row in rows_of("SELECT * FROM events")}
    for event in client.get("/api/v1/events?page_size=500").json()["results"]:
        row = told[event["id"]]
        assert (row["quad"], row["score"]) == (event["quad"], event["score"])
        named = (row["actors"] or "").split("; ")
        assert all(actor["organisation"] or actor["country"] in named for actor in event["actors"])


def test_event_dyads_are_the_events_of_dyads(client):
    sides = {issue["id"]: {*issue["countries"]} for issue in records("bilateral_issues")}
    for dyad in client.get("/api/v1/dyads?kind=event&page_size=500").json()["results"]:
        pair = (dyad["first"], dyad["second"])
        between = client.get(f"/api/v1/events?between={','.join(pair)}&page_size=500").json()
        found = rows_of(
            "SELECT DISTINCT event FROM event_dyads WHERE actor = %s AND recipient = %s "
            "OR actor = %s AND recipient = %s", *pair, *reversed(pair),
        )  # fmt: skip
        acted = {row["event"] for row in found}
        listed = {event["id"] for event in between["results"]}
        of_issues = {
            event["id"] for event in between["results"]
            if any(sides[issue] == {*pair} for issue in event["issues"])
        }  # fmt: skip
        assert listed - of_issues <= acted <= listed


def test_event_dyads_name_both_parties():
    countries = dict(Country.objects.values_list("pk", "name"))
    organisations = dict(Organisation.objects.values_list("pk", "label"))
    found = rows_of("SELECT * FROM event_dyads")
    for row in found:
        for who in ("actor", "recipient"):
            named = organisations.get(row[f"{who}_organisation"], countries.get(row[who]))
            assert named
            assert row[f"{who}_name"] == named
    assert {row["recipient_name"] for row in found} & {*countries.values()}
    assert {row["recipient_name"] for row in found} & {*organisations.values()}


def many_to_many():
    """Return each view that is of one model, with a field of it that leads to many records."""
    models = {"organisations": Organisation, "statements": Statement, "events": Event, "gaps": Gap}
    return [
        (view, field)
        for view, model in models.items()
        for field in model._meta.many_to_many
        if field.name not in ("evidence", "speaker_evidence", "attribution_evidence")
    ]


@pytest.mark.parametrize(("view", "field"), many_to_many(), ids=str)
def test_lists_of_keys_stand_beside_what_to_call_them(view, field):
    columns = next([*map(attrgetter("name"), v.columns)] for v in views() if v.name == view)
    beside = columns[columns.index(field.name) + 1]
    titles = dict(rows_of_records(field.related_model))
    found = rows_of(f"SELECT id, {field.name} AS keys, {beside} AS titles FROM {view}")
    assert {row["id"]: (row["keys"], row["titles"]) for row in found} == {
        record.pk: tuple("; ".join(held) or None for held in (keys, map(titles.get, keys)))
        for record in field.model.objects.all()
        for keys in [sorted(getattr(record, field.name).values_list("pk", flat=True))]
    }


def rows_of_records(model):
    """Yield the key of each record of a model, with what to call it."""
    for row in rows_of("SELECT record, title FROM records WHERE kind = %s", model.record_kind):
        yield row["record"], row["title"]


def test_gaps_and_events_name_whom_they_lead_to():
    sources, names = dict(Source.objects.values_list("pk", "title")), dict(rows_of_records(Country))
    for row in rows_of("SELECT * FROM gaps"):
        assert row["source_title"] == sources[row["source"]]
        assert len((row["answered_by"] or "").split("; ")) == len(
            (row["answered_by_titles"] or "").split("; ")
        )
    called = names | dict(Organisation.objects.values_list("label", "label"))
    found = rows_of("SELECT * FROM events")
    for row in found:
        assert row["place_country_name"] == names.get(row["place_country"])
        for role in ("actor", "recipient"):
            shown, told = row[f"{role}s"], row[f"{role}_names"]
            assert told == (shown and "; ".join(called[one] for one in shown.split("; ")))
    assert any("; " in row["actors"] for row in found)


def test_the_view_of_evidence_holds_all_of_it():
    cited = sum(
        field.remote_field.through.objects.count()
        for model in apps.get_app_config("policy").get_models()
        for field in model._meta.many_to_many
        if field.name == "evidence"
    )
    found = rows_of("SELECT * FROM evidence")
    assert len(found) == cited
    for row in found:
        model = served_models()[RecordKind(row["kind"])]
        assert model.objects.filter(pk=row["record"]).exists()


def test_migrating_again_keeps_the_views_and_what_others_made_of_them():
    with connection.cursor() as cursor:
        cursor.execute("CREATE VIEW mine AS SELECT id FROM statements")
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW gaps")
    create_views(using="default")
    assert rows_of("SELECT * FROM mine")
    assert rows_of("SELECT * FROM gaps")


def test_a_view_of_an_earlier_version_is_replaced():
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW gaps")
        cursor.execute("CREATE VIEW gaps AS SELECT 1 AS former")
    create_views(using="default")
    assert "former" not in rows_of("SELECT * FROM gaps")[0]


def test_a_table_with_the_name_of_a_view_is_left_alone(caplog):
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW gaps")
        cursor.execute("CREATE TABLE gaps (own integer)")
    create_views(using="default")
    assert "gaps is left out" in caplog.text
    assert rows_of("SELECT * FROM gaps") == []


def test_tables_can_be_changed_beneath_the_views():
    drop_views(using="default", plan=[])
    assert rows_of("SELECT * FROM gaps")
    drop_views(using="default", plan=["a migration"])
    assert not set(connection.introspection.table_names(include_views=True)) & {
        view.name for view in views()
    }
    create_views(using="default")


@pytest.mark.postgresql
def test_views_explain_themselves():
    create_views(using="default")
    missing = rows_of(
        "SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a "
        "ON a.attrelid = c.oid WHERE c.relkind = 'v' AND c.relname = ANY (%s) AND a.attnum > 0 "
        "AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)",
        [view.name for view in views()],
    )
    assert not missing
