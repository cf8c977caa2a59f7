"""Renamed keys: annotated by hand, checked by the build, and answered with the way on."""

import json

import pytest
from django.core.management import call_command

from policy.models import Renaming
from tests.test_building import build, errors, folder  # noqa: F401 - a fixture

LINE = '[[renamed]]\nkind = "{}"\nformer = "{}"\nrecord = "{}"\n'
RENAMED = [
    ("official", "m-rubio", "rubio"),
    ("official", "rubio", "marco-rubio"),
    ("country", "ZAR", "COL"),
    ("source", "article-one", "article-1"),
]


def write(folder, *moves):  # noqa: F811
    (folder / "renamed.toml").write_text("".join(LINE.format(*move) for move in moves))


def test_without_the_file_nothing_is_built(folder):  # noqa: F811
    assert "renamings.json" not in build(folder)


def test_every_former_key_comes_to_lead_to_the_present_one(folder):  # noqa: F811
    write(folder, *RENAMED)
    built = json.loads(build(folder)["renamings.json"])
    assert [(r["pk"], r["fields"]["record"]) for r in built] == [
        ("country-zar", "COL"),
        ("official-m-rubio", "marco-rubio"),
        ("official-rubio", "marco-rubio"),
        ("source-article-one", "article-1"),
    ]


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        ([("official", "marco-rubio", "tammy-bruce")], "marco-rubio: former: is a key in use"),
        ([("official", "rubio", "nobody")], "leads to nobody, and no record has that key"),
        ([("offical", "rubio", "marco-rubio")], "did you mean official?"),
        ([("official", "a", "b"), ("official", "b", "a")], "no record has that key"),
        ([("official", "a", "marco-rubio")] * 2, "a was renamed above already"),
        ([("official", "A B", "marco-rubio")], "former: Write a key as it was"),
        ([("country", "zar", "marco-rubio")], "leads to marco-rubio, and no record has that key"),
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
    """The renamings loaded as any fixture is."""
    write(folder, *RENAMED)
    path = tmp_path / "renamings.json"
    path.write_text(build(folder)["renamings.json"])
    call_command("loaddata", path, verbosity=0)


@pytest.mark.parametrize(
    ("asked", "present"),
    [
        ("officials/rubio", "officials/marco-rubio"),
        ("officials/m-rubio/", "officials/marco-rubio"),
        ("officials/rubio?fields=id&format=json", "officials/marco-rubio?fields=id&format=json"),
        ("officials/rubio?format=jsonld", "officials/marco-rubio?format=jsonld"),
        ("countries/ZAR", "countries/COL"),
        ("countries/zar?format=geojson", "countries/COL?format=geojson"),
        ("sources/article-one", "sources/article-1"),
        ("sources/article-one/coverage", "sources/article-1/coverage"),
        ("dyads/USA-zar", "dyads/USA-COL"),
        ("dyads/zar-us", "dyads/COL-USA"),
    ],
)  # fmt: skip
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
    location = api.get("/api/v1/officials/rubio")["Location"]
    assert location == "https://facts.example/demarche/api/v1/officials/marco-rubio"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("officials/rubio?contry=PAN", 400),
        ("officials/nobody", 404),
        ("events/rubio", 404),
        ("statements/zar", 404),
        ("dyads/FRA-ZAR", 404),
        ("dyads/COL-ZAR", 404),
    ],
)
def test_what_was_not_renamed_is_not_led_on(api, renamed, asked, status):
    assert api.get(f"/api/v1/{asked}").status_code == status


def test_a_key_in_use_never_leads_on(api, renamed):
    Renaming.objects.filter(former="rubio").update(former="tammy-bruce")
    assert api.get("/api/v1/officials/tammy-bruce").status_code == 200
