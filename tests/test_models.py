"""The models: checked, ordered, and constrained alike with and without a database."""

import itertools
from datetime import date

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from api import checks as lists
from api.checks import check_lists
from api.filtersets import GapFilterSet, TripFilterSet
from api.serializers.records import StopSerializer, TripSerializer
from api.views.records import RESOURCES, EventViewSet, TripViewSet
from policy import checks, plover
from policy.annotations.reading import FILES
from policy.checks import check_models
from policy.models import (
    Change,
    Check,
    Concern,
    Country,
    Event,
    Official,
    SearchEntry,
    Sentence,
    StateMark,
    Statement,
    Stop,
    Trip,
)
from policy.models.issues import Unit
from policy.models.registry import RecordKind
from policy.validation import holds
from tests.samples import sample

MODELS = [model for name in ("policy", "api") for model in apps.get_app_config(name).get_models()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_key_but_a_place_in_an_order_is_an_integer(model):
    assert isinstance(model._meta.pk, models.IntegerField) is (
        model in {Change, SearchEntry, StateMark}
    )


def without(serializer, name):
    """Return what sets the fields of a serializer to all of them but one."""
    return serializer.Meta, "fields", [field for field in serializer.Meta.fields if field != name]


FAULTS = [
    ("policy.W001", Trip, "__doc__", None),
    ("policy.W002", Trip._meta.get_field("title"), "help_text", "Title"),
    ("policy.W003", FILES, "trips.toml", FILES["events.toml"]),
    ("policy.W004", Trip, "record_kind", None),
    ("policy.W005", Unit.USD, "_definition", ""),
    ("policy.W006", Country._meta, "verbose_name_plural", "countrys"),
    ("policy.E001", Trip._meta, "ordering", ["title"]),
    ("policy.E006", Trip._meta, "ordering", ["time_earliest", "id"]),
    ("policy.E002", Stop, "part_of", "city"),
    ("policy.E002", Stop, "part_of", "nonesuch"),
    ("policy.E003", Stop, "part_of", None),
    ("policy.E004", Trip, "record_kind", RecordKind.EVENT),
    ("policy.E005", checks, "RecordKind", models.TextChoices("Alike", {"A": "a", "B": "a-b"})),
    ("api.W001", RESOURCES, "trips", EventViewSet),
    ("api.W002", TripViewSet, "__doc__", None),
    ("api.W003", TripFilterSet.base_filters["status"].field, "help_text", ""),
    ("api.W004", *without(TripSerializer, "title")),
    ("api.W004", *without(StopSerializer, "city")),
    ("api.W005", lists, "TAGS", ()),
    ("api.W006", TripViewSet, "filterset_class", GapFilterSet),
    ("api.E005", TripFilterSet, "record", None),
    ("api.E005", TripFilterSet, "record", StopSerializer),
    ("api.E001", Trip, "record_kind", None),
    ("api.E002", TripViewSet, "filterset_class", None),
    ("api.E002", TripViewSet, "serializer_class", None),
    ("api.E003", TripViewSet, "ordering_fields", {"id": "nonesuch"}),
    ("api.E004", TripSerializer.Meta, "fields", ["nonesuch"]),
]


@pytest.mark.parametrize(("name", "place", "key", "value"), FAULTS)
def test_a_check_names_what_is_missing_or_wrong(monkeypatch, name, place, key, value):
    change = monkeypatch.setitem if isinstance(place, dict) else monkeypatch.setattr
    change(place, key, value)
    told = [*check_models(None), *check_lists(None)]
    assert name in {message.id for message in told}
    assert all(message.hint for message in told)


def test_a_kind_without_a_model_is_told_where_models_are_imported(monkeypatch):
    monkeypatch.setattr(Trip, "record_kind", None)
    (told,) = [message for message in check_models(None) if message.id == "policy.W004"]
    assert "policy/models/__init__.py" in str(told.hint)


def test_the_database_holds_only_our_tables(db):
    """Who loads the dataset can tell its tables from what only this software needs."""
    tables = set(connection.introspection.table_names())
    # Those of SQLite itself hold what ANALYZE found.
    others = {t for t in tables if not t.startswith(("policy_", "machinery_", "sqlite_"))}
    assert others == {"django_migrations"}
    machinery = {Concern, SearchEntry, StateMark, *apps.get_app_config("api").get_models()}
    for model in apps.get_models():
        assert model._meta.db_table.startswith("machinery_") == (model in machinery)


@pytest.mark.postgresql
def test_no_index_stands_twice(db):
    """An index in the order of code points serves LIKE too, so Django's second one is left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE %s", ["%\\_like"])
        assert not cursor.fetchall()
        cursor.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        cursor.execute("EXPLAIN SELECT id FROM policy_statement WHERE speaker_id LIKE 'a%%'")
        assert "Index Cond" in str(cursor.fetchall())


def test_text_sorts_by_code_point(db):
    titles = ["a-b", "ab", "a-c", "aB", "Z", "é", "z"]
    shared = {"summary": "x", "traveller_id": SPEAKER, "status": "planned", "support": "stated"}
    Check.objects.all().delete()
    Trip.objects.all().delete()
    for number, title in enumerate(titles):
        Trip.objects.create(id=f"trip-{number}", title=title, **shared)
    assert list(Trip.objects.order_by("title").values_list("title", flat=True)) == sorted(titles)


SPEAKER, COUNTRY = sample("officials"), sample("countries")
ATTRIBUTIONS = [
    {"speaker_id": speaker, "attributed_country_id": country, "narrator": narrator, "kind": kind}
    for speaker, country, narrator, kind in itertools.product(
        (None, SPEAKER), (None, COUNTRY), (False, True), ("narration", "indirect_speech")
    )
]
QUOTATIONS = [
    {"speaker_id": SPEAKER, "kind": kind, "quotation": words, "verbatim": verbatim}
    for kind, words, verbatim in itertools.product(
        ("quotation", "indirect_speech"), (None, "Words."), (None, "unverified")
    )
]
TIME = ("time_earliest", "time_latest", "time_precision", "time_year_inferred")
TIMES = [
    {"speaker_id": SPEAKER, "kind": "indirect_speech", **dict(zip(TIME, time, strict=True))}
    for time in itertools.product(
        (None, date(2025, 2, 1)),
        (None, date(2025, 1, 31), date(2025, 2, 7)),
        (None, "week"),
        (False, True),
    )
]
CODINGS = [
    {"event_type": event_type, "mode": mode, "confidence": confidence, "uncoded_reason": reason}
    for event_type, mode, confidence, reason in itertools.product(
        (None, "CONSULT", "ASSAULT", "REJECT"),
        (None, "visit", "assist", "beat"),
        (None, "high"),
        (None, "It would invent."),
    )
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "values"),
    [(Statement, values) for values in [*ATTRIBUTIONS, *QUOTATIONS, *TIMES]]
    + [(Event, values) for values in CODINGS],
)
def test_constraints_hold_alike_with_and_without_the_database(model, values):
    common = {"id": "tried", "summary": "x", "support": "stated"}
    if model is Statement:
        common["topic"] = "migration"
    instance = model(**{**common, **values})
    columns = {
        name: getattr(instance, field.attname)
        for field in model._meta.concrete_fields
        for name in (field.name, field.attname)
    }
    constraints = [c for c in model._meta.constraints if isinstance(c, models.CheckConstraint)]
    allowed = all(holds(c.condition, columns) is not False for c in constraints)
    try:
        with transaction.atomic():
            instance.save(force_insert=True)
        stored = True
    except IntegrityError:
        stored = False
    assert allowed == stored


def test_a_span_must_not_be_empty(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        Sentence.objects.create(
            id="s", source_id=sample("sources"), paragraph=99, number=1, start=5, end=5,
            sha256="0" * 64,
        )  # fmt: skip


def test_alternatives_must_be_codes():
    event = Event(id="e", summary="x", alternatives=["REJECT/assist", "REJECT/visit"])
    with pytest.raises(ValidationError):
        event.clean()


MANUAL = """
AGREE 2.5
CONSULT 2.5 visit 4 third-party 1 multilateral 4 phone 1.5
SUPPORT 5
CONCEDE 4.5
COOPERATE 9.5
AID 10
RETREAT 6.5 withdraw 8 release 6.5 disarm 10 ceasefire 7.5 access 6.5 resign 4.5
REQUEST 0 assist 0.5 change -1 yield -1 meet 0
REJECT -2 assist -1.5 change -2 yield -2 meet -2
ACCUSE -3 disapprove -2 investigate -3.5 allege -3.5
THREATEN -3.5 restrict -3 arrest -3.5 relations -3.5 expel -3.5 territory -4 violence -3.5
PROTEST -5 demo -5 riot -7 strike -5 hunger -4.5 boycott -4.5 obstruct -4.5
SANCTION -6 convict -6 expel -5.5 withdraw -6 discontinue -6
MOBILIZE -5.5 troops -6.5 weapons -6.5 police -5.5 militia -6
COERCE -7 seize -7 restrict -7 censor -6.5 curfew -6.5 martial-law -7.5 arrest -7 deport -7
COERCE -7 withhold -7 misinformation -6.5 cyber -7
ASSAULT -9 abduct -8.5 beat -7.5 torture -8.5 sexual -8.5 targeted -9.5 destroy -8.5
ASSAULT -9 primitive -8 firearms -9 explosives -9 suicide-attack -9.5 aerial -9.5 drone -9.5
ASSAULT -9 heavy-weapons -9.5 crowd-control -7.5 unconventional -10
"""
"""The scores that the manual prints: an event type with its score, then its modes with theirs."""


def test_the_codebook_follows_the_manual():
    printed = {}
    for line in MANUAL.split("\n")[1:-1]:
        event_type, score, *pairs = line.split()
        printed[event_type, None] = float(score)
        modes = zip(pairs[::2], map(float, pairs[1::2]), strict=True)
        printed |= {(event_type, mode): score for mode, score in modes}
    served = {
        (code.event_type.value, mode): plover.score_of(code.event_type, mode)
        for code in plover.CODEBOOK.values()
        for mode in (None, *(mode.code for mode in code.modes))
    }
    assert served == {**printed, ("PROTEST", "vandalize"): printed["PROTEST", None]}
    assert "vandalize" in (plover.CODEBOOK[plover.EventType.PROTEST].note or "")
    assert "sign" in (plover.CODEBOOK[plover.EventType.ACCUSE].note or "")
    assert plover.CODEBOOK[plover.EventType.SANCTION].note
    quads = {quad.value: len(plover.event_types_in(quad)) for quad in plover.Quad}
    assert quads == {
        "verbal_cooperation": 4, "material_cooperation": 3, "verbal_conflict": 4,
        "material_conflict": 5,
    }  # fmt: skip
    assert len(plover.Context) == 37
    required = {c.event_type.value for c in plover.CODEBOOK.values() if c.recipient_required}
    assert required == {"COOPERATE", "AID", "SANCTION"}
    with pytest.raises(ValueError, match="visit"):
        plover.score_of("REJECT", "visit")


@pytest.mark.postgresql
def test_postgresql_describes_every_table_and_column(db):
    query = """
        SELECT c.relname, a.attname, coalesce(col_description(c.oid, a.attnum), ''),
            coalesce(obj_description(c.oid), '')
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relkind = 'r' AND c.relname ~ '^(policy|api)_' AND a.attnum > 0
            AND NOT a.attisdropped
    """
    with connection.cursor() as cursor:
        cursor.execute(query)
        rows = cursor.fetchall()
    told = {(table, column): text for table, column, text, _ in rows}
    assert len(told) > 200
    assert [one for one, text in told.items() if not text.endswith(".")] == []
    assert all(table_text.endswith(".") for *_, table_text in rows)
    assert told["policy_official", "name"] == Official._meta.get_field("name").help_text
