"""Codes of countries: all of ISO 3166 are known, and who misses one is told what is meant."""

import tomllib
from collections import defaultdict

import pycountry
import pytest

from policy.annotations.reference import INVERTED
from policy.country_codes import ALPHA3, MISTAKEN, likely_code
from policy.models import Country
from tests.conftest import ROOT
from tests.samples import FIRST, SECOND, records

pytestmark = pytest.mark.once


def codes(countries):
    """Return which alpha-3 codes each code of these countries may stand for."""
    found = defaultdict(set)
    for country in countries:
        for name in ("alpha_3", "alpha_2", "numeric"):
            if hasattr(country, name):
                found[getattr(country, name)].add(country.alpha_3)
    return found


def test_the_codes_are_those_of_iso_3166():
    current, former = codes(pycountry.countries), codes(pycountry.historic_countries)
    assert all({ALPHA3[code]} == known for code, known in current.items())
    assert all(ALPHA3[code] in current[code] | known for code, known in former.items())
    assert ALPHA3.keys() == {*current, *former, "XKX", "XK"}


@pytest.mark.parametrize("code", ["ATA", "AQ", "010", "SUN", "su", "yug", "xk", "XKX"])
def test_a_code_that_the_dataset_does_not_hold_is_an_empty_list(read, code):
    assert read(f"events?country={code}")["count"] == 0
    assert read(f"bilateral-issues?between={code},{FIRST['id']}")["count"] == 0


def test_two_codes_of_a_country_that_is_not_held_are_one(api):
    assert api.get("/api/v1/events?between=AQ,ATA").status_code == 400


@pytest.mark.parametrize("country", records("countries"), ids=lambda country: country["id"])
def test_a_name_leads_to_the_code(api, country):
    for name in (country["name"], country["name"].lower(), *country["aliases"]):
        if name.upper() in ALPHA3:
            continue
        response = api.get("/api/v1/events", {"country": name})
        assert response.status_code == 400
        (entry,) = response.json()["errors"]
        assert entry["nearest"] == country["id"], name
        assert country["id"] in entry["detail"]
        assert entry["allowed"] is None


def test_a_slip_leads_to_a_country_of_the_dataset_first():
    known = [("Panama", "PAN"), ("Peru", "PER")]
    assert likely_code("PAM", known) == "PAN"
    assert likely_code("panamà", known) == "PAN"
    assert likely_code("DEV", known) == "DEU"
    assert likely_code("EU", known) is None


def test_a_name_or_a_mistaken_code_leads_to_any_country():
    """Whether the dataset holds it or not."""
    for country in pycountry.countries:
        name = getattr(country, "common_name", country.name)
        assert likely_code(INVERTED.sub(r"\2 \1", name), []) == country.alpha_3
    reference = tomllib.loads((ROOT / "fixtures" / "reference.toml").read_text())["countries"]
    for code, row in reference.items():
        assert {ALPHA3[likely_code(name, [])] for name in row.get("names", [])} <= {code}
    assert not MISTAKEN.keys() & ALPHA3.keys()
    assert set(MISTAKEN.values()) <= ALPHA3.keys()
    for text, code in (("UAE", "ARE"), ("ger", "DEU"), ("Turkiye", "TUR"), ("Ivory cost", "CIV")):
        assert likely_code(text, [("Panama", "PAN"), ("United States", "USA")]) == code


def test_no_country_is_404_in_a_path(api):
    for path in ("countries/UK", f"dyads/UK-{SECOND['id']}"):
        response = api.get(f"/api/v1/{path}")
        assert response.status_code == 404
        assert "GB" in response.json()["detail"]


@pytest.mark.parametrize("code", ["SUN", "su", "810"])
def test_a_former_state_is_found_by_the_codes_it_had(db, read, code):
    Country.objects.create(pk="SUN", numeric="810", name="Soviet Union", support="reference")
    assert read(f"countries/{code}")["id"] == "SUN"
    assert read(f"countries?id={code}&fields=id,alpha2")["results"] == [
        {"id": "SUN", "alpha2": None}
    ]
