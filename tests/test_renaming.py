"""Renamed keys: annotated by hand, checked by the build, and redirected."""

import json

import pytest
from django.core.management import call_command

from policy.models import Renaming
from tests.samples import FIRST, SECOND, sample, samples
from tests.test_building import build, errors, folder  # noqa: F401 - a fixture

pytestmark = pytest.mark.once

LINE = '[[renamed]]\nkind = "{}"\nformer = "{}"\nrecord = "{}"\n'
WHO, OTHER = samples("officials")[:2]
SOURCE = sample("sources")
COUNTRY, PARTNER = FIRST["id"], SECOND["id"]
RENAMED = [
    ("official", "once", "then"),
    ("official", "then", WHO),
    ("country", "ZAR", COUNTRY),
    ("source", "first-source", SOURCE),
]


def write(folder, *moves):  # noqa: F811
    (folder / "renamed.toml").write_text("".join(LINE.format(*move) for move in moves))


def test_without_the_file_nothing_is_built(folder):  # noqa: F811
    assert "renamings.json" not in build(folder)


def test_every_former_key_comes_to_lead_to_the_present_one(folder):  # noqa: F811
    write(folder, *RENAMED)
    built = json.loads(build(folder)["renamings.json"])
    assert [(r["pk"], r["fields"]["record"]) for r in built] == [
        ("country-zar", COUNTRY),
        ("official-once", WHO),
        ("official-then", WHO),
        ("source-first-source", SOURCE),
    ]


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        ([("official", WHO, OTHER)], f"{WHO}: former: is a key in use"),
        ([("official", "then", "nobody")], "leads to nobody, and no record has that key"),
        ([("offical", "then", WHO)], "did you mean official?"),
        ([("official", "a", "b"), ("official", "b", "a")], "no record has that key"),
        ([("official", "a", WHO)] * 2, "a was renamed above already"),
        ([("official", "A B", WHO)], "former: Write a key as it was"),
        ([("country", "zar", WHO)], f"leads to {WHO}, and no record has that key"),
    ],
)
def test_what_is_wrong_is_told(folder, moves, told):  # noqa: F811
    write(folder, *moves)
    assert any(told in line for line in errors(folder)), errors(folder)


@pytest.mark.parametrize("text", ['[[renamed]]\nkind = "official"\n', '[[moved]]\nkind = "x"\n'])
def test_a_file_of_another_form_is_refused(folder, text):  # noqa: F811
    (folder / "renamed.toml").write_text(text)
    assert any("renamed" in line for line in errors(folder))


@pytest.fixture
def renamed(db, folder, tmp_path):  # noqa: F811
    """The renamings, loaded like any fixture."""
    write(folder, *RENAMED)
    path = tmp_path / "renamings.json"
    path.write_text(build(folder)["renamings.json"])
    call_command("loaddata", path, verbosity=0)


@pytest.mark.parametrize(
    ("asked", "present"),
    [
        ("officials/then", f"officials/{WHO}"),
        ("officials/once/", f"officials/{WHO}"),
        ("officials/then?fields=id&format=json", f"officials/{WHO}?fields=id&format=json"),
        ("officials/then?format=jsonld", f"officials/{WHO}?format=jsonld"),
        ("countries/ZAR", f"countries/{COUNTRY}"),
        ("countries/zar?format=geojson", f"countries/{COUNTRY}?format=geojson"),
        ("sources/first-source", f"sources/{SOURCE}"),
        ("sources/first-source/coverage", f"sources/{SOURCE}/coverage"),
        (f"dyads/{PARTNER}-zar", f"dyads/{PARTNER}-{COUNTRY}"),
        (f"dyads/zar-{PARTNER.lower()}", f"dyads/{COUNTRY}-{PARTNER}"),
    ],
)
def test_a_former_key_leads_on(api, renamed, asked, present):
    response = api.get(f"/api/v1/{asked}")
    assert response.status_code == 308
    assert response["Location"] == f"http://127.0.0.1:8000/api/v1/{present}"
    problem = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert problem["type"].endswith("/problems/renamed")
    assert problem["status"] == 308
    assert api.get(f"/api/v1/{present}").status_code == 200
    assert api.head(f"/api/v1/{asked}")["Location"] == response["Location"]


def test_it_leads_on_behind_a_proxy(api, renamed, settings):
    settings.PUBLIC_URL = "https://facts.example/demarche"
    location = api.get("/api/v1/officials/then")["Location"]
    assert location == f"https://facts.example/demarche/api/v1/officials/{WHO}"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("officials/then?contry=PAN", 400),
        ("officials/nobody", 404),
        ("events/then", 404),
        ("statements/zar", 404),
        ("dyads/ATA-ZAR", 404),
        (f"dyads/{COUNTRY}-ZAR", 404),
    ],
)
def test_what_was_not_renamed_is_not_led_on(api, renamed, asked, status):
    assert api.get(f"/api/v1/{asked}").status_code == status


def test_a_key_in_use_never_leads_on(api, renamed):
    Renaming.objects.filter(former="then").update(former=OTHER)
    assert api.get(f"/api/v1/officials/{OTHER}").status_code == 200
