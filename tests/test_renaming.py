"""Former keys: annotated by hand, checked by the build, and redirected or gone."""

import json

import pytest
from django.core.management import call_command

from api.keys import CountryField, KeyField
from policy.models import Renaming
from tests.conftest import RESOURCES, VIEWSETS
from tests.samples import FIRST, SECOND, sample, samples
from tests.test_building import build, copied, errors, folder  # noqa: F401 - a fixture

pytestmark = pytest.mark.once

LINE = '[[renamed]]\nkind = "{}"\nformer = "{}"\nrecord = "{}"\n'
REMOVED = '[[removed]]\nkind = "{}"\nformer = "{}"\nrelease = "{}"\nreason = "{}"\n'
REASON = "Nobody said so."
WHO, OTHER = samples("officials")[:2]
SOURCE = sample("sources")
COUNTRY, PARTNER = FIRST["id"], SECOND["id"]
RENAMED = [
    ("official", "once", "then"),
    ("official", "then", WHO),
    ("country", "ZAR", COUNTRY),
    ("source", "first-source", SOURCE),
    ("official", "long-gone", "gone"),
    ("official", "gone", "1.0.0", REASON),
    ("country", "YUG", "1.0.0", REASON),
]


def write(folder, *moves):  # noqa: F811
    lines = (LINE if len(move) == 3 else REMOVED for move in moves)
    path = folder / "renamed.toml"
    path.write_text("".join(line.format(*move) for line, move in zip(lines, moves, strict=True)))


def test_without_the_file_nothing_is_built(folder):  # noqa: F811
    (folder / "renamed.toml").unlink()
    assert "renamings.json" not in build(folder)


def test_every_former_key_comes_to_lead_to_the_present_one(folder):  # noqa: F811
    write(folder, *RENAMED)
    built = json.loads(build(folder)["renamings.json"])
    assert [(r["pk"], r["fields"].get("record")) for r in built] == [
        ("country-yug", None),
        ("country-zar", COUNTRY),
        ("official-gone", None),
        ("official-long-gone", None),
        ("official-once", WHO),
        ("official-then", WHO),
        ("source-first-source", SOURCE),
    ]


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        ([("official", WHO, OTHER)], f"{WHO}: former: is a key in use"),
        ([("official", "then", "nobody")], "leads to nobody, and no record has that key"),
        ([("offical", "then", WHO)], "did you mean 'official'?"),
        ([("official", "a", "b"), ("official", "b", "a")], "no record has that key"),
        ([("official", "a", WHO)] * 2, "a is told of above already"),
        ([("official", "a", WHO), ("official", "a", "1.0.0", "No.")], "a is told of above already"),
        ([("official", WHO, "1.0.0", "No.")], f"{WHO}: former: is a key in use"),
        ([("official", "a", "one", "No.")], "release: Write a version such as 1.0.0."),
        ([("official", "a", "1.0.0", "")], "reason: is an empty text"),
        ([("official", "A B", WHO)], "former: Write a key as it was"),
        ([("country", "zar", WHO)], f"leads to {WHO}, and no record has that key"),
    ],
)
def test_what_is_wrong_is_told(folder, moves, told):  # noqa: F811
    write(folder, *moves)
    assert any(told in line for line in errors(folder)), errors(folder)


@pytest.mark.parametrize(
    "text",
    [
        '[[renamed]]\nkind = "official"\n',
        '[[removed]]\nkind = "official"\nformer = "a"\nrecord = "b"\n',
        '[[moved]]\nkind = "x"\n',
        "renamed = 5\n",
    ],
)
def test_a_file_of_another_form_is_refused(folder, text):  # noqa: F811
    (folder / "renamed.toml").write_text(text)
    assert any("renamed" in line for line in errors(folder))


def before(folder):  # noqa: F811
    """Leave the fixtures of a release before in the folder, which had more keys."""
    write(folder, *RENAMED)
    (folder / "manifests").mkdir()
    for name, text in build(folder).items():
        (folder / name).write_text(text)
    for name, key in (("officials", "nobody"), ("gaps", "no-gap"), ("countries", "DDR")):
        path = folder / f"{name}.json"
        path.write_text(json.dumps([*json.loads(path.read_text()), {"pk": key, "fields": {}}]))


def test_a_key_of_the_release_before_may_not_be_lost(folder):  # noqa: F811
    before(folder)
    write(folder, *RENAMED[1:])
    found = errors(folder)
    lost = ["country DDR", "gap no-gap", "official nobody", "official once"]
    assert [line.split(": ")[1] for line in found] == lost
    assert all("leads nowhere" in line for line in found)
    told = [("country", "DDR", "9.0.0", REASON), ("gap", "no-gap", "9.0.0", REASON)]
    write(folder, *RENAMED, *told, ("official", "nobody", WHO))
    assert len(json.loads(build(folder)["renamings.json"])) == len(RENAMED) + 3


@pytest.mark.parametrize("text", ["[", "[5]", '{"a": 1}', '[{"pk": "a"}]'])
def test_fixtures_of_before_that_cannot_be_read_are_told(folder, text):  # noqa: F811
    (folder / "gaps.json").write_text(text)
    assert any("gaps.json: cannot be read" in line for line in errors(folder))


@pytest.fixture(scope="module")
def renamings(tmp_path_factory):
    """The file that the build makes of the renamings."""
    annotations = copied(tmp_path_factory.mktemp("renamed"))
    write(annotations, *RENAMED)
    path = annotations / "renamings.json"
    path.write_text(build(annotations)["renamings.json"])
    return path


@pytest.fixture
def renamed(db, renamings):
    """The renamings, loaded like any fixture."""
    call_command("loaddata", renamings, verbosity=0)


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


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("officials/gone", "gone"),
        ("officials/long-gone", "long-gone"),
        ("officials/gone?fields=id", "gone"),
        ("countries/yug?format=geojson", "YUG"),
        (f"dyads/YUG-{COUNTRY}", "YUG"),
        ("dyads/yug-zar", "YUG"),
    ],
)
def test_a_removed_record_is_gone_with_release_and_reason(api, renamed, asked, key):
    response = api.get(f"/api/v1/{asked}")
    assert response.status_code == 410
    problem = response.json()
    assert problem["type"].endswith("/problems/removed")
    assert problem["detail"] == f"'{key}' was removed in release 1.0.0: {REASON}"
    assert api.get(problem["type"].removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_as_a_filter_a_removed_key_finds_nothing(read, renamed):
    assert read("statements?speaker=gone")["count"] == 0
    assert read("officials?id=gone,long-gone")["count"] == 0


def test_a_key_in_use_never_leads_on(api, renamed):
    Renaming.objects.filter(former="then").update(former=OTHER)
    assert api.get(f"/api/v1/officials/{OTHER}").status_code == 200


def keyed(resource):
    """Return the filters of a list that take a key, with the form of each."""
    filters = VIEWSETS[resource].filterset_class.base_filters
    items = {name: getattr(one.field, "item", None) for name, one in filters.items()}
    return {n: item for n, item in items.items() if isinstance(item, CountryField | KeyField)}


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_filter_takes_a_former_key_for_the_present_one(read, renamed, resource):
    filters = keyed(resource)
    assert filters
    # All at once: each state of the tables is examined anew.
    moved = {
        item.kind: sample(item.kind.replace("-", "_") + "s")
        for item in filters.values()
        if not isinstance(item, CountryField)
    }
    for kind, key in moved.items():
        Renaming.objects.create(id=f"moved-{kind}", kind=kind, former="once-known", record=key)
    for name, item in filters.items():
        if name == "between":
            former, present = f"zar,{PARTNER}", f"{COUNTRY},{PARTNER}"
        elif isinstance(item, CountryField):
            former, present = "ZAR", COUNTRY
        else:
            former, present = "once-known", moved[item.kind]
        found = read(f"{resource}?{name}={present}&page_size=500")
        assert read(f"{resource}?{name}={former}&page_size=500") == found, name


def test_dyads_take_a_former_key_for_the_present_one(read, renamed):
    assert read("dyads?country=zar") == read(f"dyads?country={COUNTRY}")
