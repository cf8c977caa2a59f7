"""What the dataset says, and what the guide quotes of it.

No other test pins records, so a change of the dataset turns only these red.
"""

import re

import pytest
from django.test import Client

from policy.models import (
    Account,
    BilateralIssue,
    Country,
    Event,
    Gap,
    IssueSide,
    Official,
    Organisation,
    Passage,
    Release,
    Sentence,
    Source,
    Statement,
    Stop,
    Trip,
)
from tests.conftest import ROOT
from tests.test_readme import HOST, PAIRS, differences

pytestmark = pytest.mark.once


ARTICLE = "article-1"


def of_article(model):
    """Return the records that rest on a passage of the first source."""
    return model.objects.filter(evidence__source=ARTICLE).distinct()


def test_everything_is_there(db):
    assert of_article(Country).count() == 11
    assert of_article(Organisation).count() == 5
    assert of_article(Official).count() == 6
    assert Statement.objects.filter(narrator=False).count() >= 11
    assert Account.objects.filter(source=ARTICLE).count() == 11
    assert IssueSide.objects.filter(account__source=ARTICLE).count() == 22
    assert Event.objects.filter(event_type__isnull=False).count() >= 12
    assert of_article(Event).count() == 16
    assert of_article(Stop).count() == 5
    assert Gap.objects.filter(source=ARTICLE).count() == 28
    assert Sentence.objects.filter(source=ARTICLE).count() == 29


def test_every_sentence_is_accounted_for(db):
    sentences = Sentence.objects.filter(source=ARTICLE)
    uncited = sentences.filter(uncited_reason__isnull=False)
    assert set(uncited.values_list("pk", flat=True)) == {"article-1-p4s1"}
    assert not Passage.objects.filter(sentence__in=uncited).exists()
    assert sentences.filter(passages__isnull=False).distinct().count() == 28


def test_what_the_source_does_not_give_is_null(db):
    source = Source.objects.get(pk=ARTICLE)
    for name in ("title", "author", "publisher", "published_text", "url"):
        assert getattr(source, name) is None
    (trip,) = of_article(Trip)
    assert trip.time_year_inferred
    for stop in of_article(Stop):
        assert (stop.visit_order, stop.city, stop.host) == (None, None, None)
    assert Official.objects.get(name=None).label
    mentioned = {"SLV", "DOM"}
    assert not BilateralIssue.objects.filter(countries__in=mentioned).exists()
    assert not Official.objects.filter(country__in=mentioned).exists()
    assert not Statement.objects.filter(attributed_country__in=mentioned).exists()
    assert not of_article(Event).filter(event_type="REQUEST").exists()


def test_the_canal_issue_is_answered_whole(read):
    (issue,) = read("bilateral-issues?between=US,PAN")["results"]
    assert (issue["topic"], issue["status"]) == ("territory", "contested")
    assert [side["country"] for side in issue["sides"]] == ["PAN", "USA"]
    for side in issue["sides"]:
        assert side["position"]
        assert side["evidence"]
    for passage in issue["evidence"]:
        assert {"paragraph", "sentence", "start", "end", "quote", "sha256"} <= passage.keys()


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "shown"), PAIRS, ids=[path for path, _ in PAIRS])
def test_the_response_in_the_guide_is_the_real_one(path, shown):
    response = Client(HTTP_HOST=HOST).get(path)
    assert differences(shown, response.json()) == []
    refused = response["Content-Type"] == "application/problem+json"
    assert response.status_code == (shown["status"] if refused else 200)


def test_the_planned_visits_are_an_agreement(db):
    event = Event.objects.get(id="usa-plans-latin-america-visits")
    assert (event.event_type, event.auxiliary) == ("AGREE", None)
    recipients = event.parties.filter(role="recipient").values_list("country", flat=True)
    assert set(recipients) == {"PAN", "SLV", "CRI", "GTM", "DOM"}


def test_a_threat_that_nobody_is_said_to_have_made_has_no_code(db):
    event = Event.objects.get(id="trade-war-pressure-on-colombia")
    assert (event.event_type, event.score) == (None, None)
    assert "THREATEN/restrict" in event.alternatives


def test_an_issue_whose_second_country_is_inferred_is_inferred(db):
    inferred = BilateralIssue.objects.filter(current__support="inferred").values_list(
        "pk", flat=True
    )
    assert {"cri-usa-transit-repatriation", "mex-usa-military-flights"} <= set(inferred)
    assert "pan-usa-canal" not in inferred


def test_the_end_of_a_year_is_not_its_first_day(db):
    figure = BilateralIssue.objects.get(id="hnd-usa-deportations-and-troops").current.figures.get()
    assert (figure.time_precision, str(figure.time_earliest)) == ("month", "2024-12-01")


def test_over_4000_counts_all_whom_mexico_took_in(db):
    issue = BilateralIssue.objects.get(id="mex-usa-third-country-deportees")
    figures = Account.objects.get(issue=issue, source=ARTICLE).figures
    figure = figures.get(value__isnull=False)
    assert (figure.value, figure.comparator, figure.unit) == (4000, "gt", "persons")
    assert figures.filter(words="a majority", value=None).exists()


def test_quotations_are_unverified(db):
    quotations = Statement.objects.filter(kind="quotation")
    assert quotations.count() >= 2
    assert set(quotations.values_list("verbatim", flat=True)) == {"unverified"}


def test_reference_codes(db):
    panama = Country.objects.get(pk="PAN")
    assert (panama.alpha2, panama.numeric, panama.subregion, panama.cow, panama.cow_code) == (
        "PA", "591", "013", 95, "PAN",
    )  # fmt: skip
    assert Country.objects.get(pk="VEN").name == "Venezuela"
    salvador = Country.objects.get(pk="SLV")
    assert (salvador.cow, salvador.cow_code) == (92, "SAL")


def test_the_release_counts_what_is_loaded(db):
    release = Release.objects.get()
    assert release.counts["passages"] == Passage.objects.count()
    assert release.counts["events"] == Event.objects.count()
    assert re.fullmatch("[0-9a-f]{64}", release.content_hash)


def words(text):
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)?", text.lower())


def test_the_article_is_not_republished(db, article):
    original = words(article.path.read_text())
    runs = {tuple(original[at : at + 9]) for at in range(len(original) - 8)}
    allowed = {
        tuple(words(quote)[at : at + 9])
        for quote in [
            *Passage.objects.values_list("quote", flat=True),
            *Statement.objects.exclude(quotation=None).values_list("quotation", flat=True),
        ]
        for at in range(max(0, len(words(quote)) - 8))
    }
    for path in ROOT.glob("**/*"):
        inside = path.relative_to(ROOT).parts
        if inside[0].startswith(".") or path.suffix not in {
            ".toml",
            ".json",
            ".md",
            ".py",
            ".yaml",
        }:
            continue
        text = words(path.read_text())
        found = {tuple(text[at : at + 9]) for at in range(len(text) - 8)} & runs
        assert found <= allowed, (path, found - allowed)
