"""Which countries a statement concerns: kept by triggers, and right after every change."""

import pytest
from django.db import connection
from django.db.models import Q

from policy.models import Official, Statement
from policy.voice_index import concerning


def told():
    """What the table says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_id, country_id, topic FROM policy_voice")
        return sorted(cursor.fetchall())


def true():
    """What the statements themselves say."""
    found = set()
    for statement in Statement.objects.select_related("speaker").prefetch_related("about"):
        countries = {country.pk for country in statement.about.all()}
        countries |= {statement.attributed_country_id}
        countries |= {statement.speaker.country_id if statement.speaker else None}
        found |= {(statement.pk, code, statement.topic) for code in countries - {None}}
    return sorted(found)


def stop_speaking():
    Statement.objects.filter(speaker="marco-rubio").update(
        speaker=None, attributed_country="VEN", narrator=False
    )


CHANGES = {
    "as loaded": lambda: None,
    "another topic": lambda: Statement.objects.update(topic="cyber"),
    "another country of an official": lambda: Official.objects.filter(country="USA").update(
        country="PAN"
    ),
    "officials without a country, about nothing": lambda: [
        Statement.about.through.objects.all().delete(),
        Official.objects.update(country=None, country_support=None),
    ],
    "nobody speaks": stop_speaking,
    "about nothing": lambda: [s.about.clear() for s in Statement.objects.all()],
    "about one more": lambda: [s.about.add("VEN") for s in Statement.objects.all()],
    "about others": lambda: Statement.about.through.objects.filter(country="USA").update(
        country="SLV"
    ),
    "fewer statements": lambda: Statement.objects.filter(topic="diplomatic").delete(),
    "again from nothing": lambda: [
        s.save(force_insert=True)
        for s in [*Statement.objects.all()]
        if Statement.objects.all().filter(pk=s.pk).delete()
    ],
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_table_follows_every_change(db, change):
    before = told()
    CHANGES[change]()
    assert told() == true()
    assert (told() == before) is (change == "as loaded")


@pytest.mark.parametrize("countries", [["USA"], ["PAN", "CHN"], ["FRA"]])
@pytest.mark.parametrize("topics", [[], ["migration"], ["territory", "diplomatic"]])
def test_the_condition_is_that_of_the_joins(db, countries, topics):
    asked = Q(about__in=countries) | Q(attributed_country__in=countries)
    asked |= Q(speaker__country__in=countries)
    within = Q(topic__in=topics) if topics else Q()
    expected = set(Statement.objects.filter(asked & within).values_list("pk", flat=True))
    found = Statement.objects.filter(concerning(countries, topics) & within)
    assert set(found.values_list("pk", flat=True)) == expected


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite knows no TRUNCATE")
def test_the_table_follows_truncation(db):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE policy_statement CASCADE")
    assert told() == []
