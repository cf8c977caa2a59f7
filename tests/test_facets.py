"""Facets: what each counts is what its filter finds; and orderings and bounds by score."""

import itertools
from collections import Counter
from operator import gt, lt

import pytest
from django.db import connection, transaction
from rest_framework.fields import ChoiceField

from policy import plover
from tests.conftest import RESOURCES, VIEWSETS, some
from tests.samples import find, records, sample

FACETS = [
    (resource, name)
    for resource in RESOURCES
    for name in VIEWSETS[resource].filterset_class.facets()
]


@pytest.mark.parametrize(("resource", "name"), FACETS)
def test_a_facet_counts_what_its_filter_finds(read, resource, name):
    whole = read(f"{resource}?page_size=1")
    assert whole["facets"] == {}
    for other in ("", f"&exclude_id={whole['results'][0]['id']}"):
        page = read(f"{resource}?page_size=1&facets={name}{other}")
        counted = {entry["value"]: entry["count"] for entry in page["facets"][name]}
        assert list(counted.values()) == sorted(counted.values(), reverse=True)
        without = counted.pop(None, 0)
        assert counted or without == page["count"]
        for value, count in some(counted.items(), 3):
            asked = f"{resource}?page_size=1&{name}={value}{other}"
            assert read(asked)["count"] == count > 0, asked
        values = ",".join(map(str, itertools.islice(counted, 100)))
        if 0 < len(counted) <= 100:
            asked = f"{resource}?page_size=1&exclude_{name}={values}{other}"
            assert read(asked)["count"] == without


def test_facets_of_a_search_count_what_the_filter_finds(read):
    counted = read("search?q=a*&facets=kind")["facets"]["kind"]
    assert len(counted) > 2
    for entry in counted:
        assert read(f"search?q=a*&kind={entry['value']}")["count"] == entry["count"]


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_vocabulary_of_a_record_is_a_filter_and_a_facet(resource):
    viewset = VIEWSETS[resource]
    facets = viewset.filterset_class.facets()
    known = {*facets, *(one.path.rpartition("__")[2] for one in facets.values())}
    fields = viewset.serializer_class().fields.items()
    assert {name for name, field in fields if isinstance(field, ChoiceField)} <= known


def test_facets_follow_the_filter(read):
    country = sample("bilateral_issues", "countries")
    page = read(f"bilateral-issues?country={country}&facets=topic,status&page_size=500")
    for name, counted in page["facets"].items():
        assert {one["value"]: one["count"] for one in counted} == Counter(
            record[name] for record in page["results"]
        )


def test_events_are_bounded_by_score(read):
    events = read("events?page_size=500")["results"]
    scores = sorted({event["score"] for event in events} - {None})
    assert len(scores) > 2
    for least, most in itertools.combinations_with_replacement(scores, 2):
        for query, low, high in (
            (f"score_from={least}&score_to={most}", least, most),
            (f"score_from={least}", least, plover.MOST_SCORE),
            (f"score_to={most}", -plover.MOST_SCORE, most),
        ):
            found = {one["id"] for one in read(f"events?page_size=500&{query}")["results"]}
            assert found == {
                event["id"]
                for event in events
                if event["score"] is not None and low <= event["score"] <= high
            }


@pytest.mark.parametrize("sign", ["", "-"])
def test_events_are_ordered_by_score_and_those_without_come_last(read, sign):
    scores = [e["score"] for e in read(f"events?page_size=500&ordering={sign}score")["results"]]
    coded = [score for score in scores if score is not None]
    assert coded == sorted(coded, reverse=bool(sign))
    assert scores[len(coded) :] == [None] * (len(scores) - len(coded)) != []


@pytest.mark.slow
def test_every_score_of_the_codebook_is_computed_alike(read):
    from policy.models import Event

    keys = [event["id"] for event in read("events?coded=true&page_size=500")["results"]]
    modes = [
        (entry.event_type.value, mode, score)
        for entry in plover.CODEBOOK.values()
        for mode, score in plover.scores_of(entry).items()
    ]
    for these in (modes[start : start + len(keys)] for start in range(0, len(modes), len(keys))):
        told = {}
        for key, (event_type, mode, score) in zip(keys, these, strict=False):
            Event.objects.filter(pk=key).update(event_type=event_type, mode=mode)
            told[key] = score
        asked = f"events?id={','.join(told)}"
        by_score = read(f"{asked}&ordering=score&page_size=500")["results"]
        assert {event["id"]: event["score"] for event in by_score} == told
        assert [event["score"] for event in by_score] == sorted(told.values())
        for score in set(told.values()):
            found = read(f"{asked}&score_from={score}&score_to={score}")["results"]
            assert {event["id"] for event in found} == {k for k in told if told[k] == score}
            for bound, beyond, fits in (
                ("score_from", score + 0.05, gt),
                ("score_to", score - 0.05, lt),
            ):
                if abs(beyond) <= plover.MOST_SCORE:
                    found = read(f"{asked}&{bound}={beyond}")["results"]
                    assert {event["id"] for event in found} == {
                        key for key in told if fits(told[key], score)
                    }


def test_rows_beside_records_that_are_gone_are_not_counted(read):
    gone = find(records("statements"), lambda one: one.get("about"), "about a country")
    country = gone["about"][0]
    # Foreign keys are checked at the end, which other clients of SQLite leave out.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM policy_statement WHERE id = %s", [gone["id"]])
        for name, value in (
            ("about", country),
            ("country", country),
            ("source", sample("sources")),
        ):
            for asked in (f"{name}={value}", f"exclude_{name}={value}"):
                page = read(f"statements?{asked}&page_size=500&facets={name}")
                assert page["count"] == len(page["results"]), asked
            facet = read(f"statements?facets={name}")["facets"][name]
            counted = {one["value"]: one["count"] for one in facet}
            assert counted[value] == read(f"statements?{name}={value}")["count"]
            assert min(counted.values()) > 0
        transaction.set_rollback(True)
