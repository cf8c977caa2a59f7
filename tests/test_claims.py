"""Checks of claims: what a register says to them, and that a verdict turns with the register.

The register and the gazette here are made up. Where that of the historians lies beside the project,
the verdicts on the article are compared with what stands in it.
"""

import json
import shutil
import urllib.request
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from policy.claims.rules import RULES, Claim
from policy.models.claims import CheckRule
from tests.conftest import REAL, ROOT
from tests.releases import database, manage
from tests.servers import serving
from tests.test_registers import SAMPLE, change, imported, joined, records

VISIT = """    <trip role="{role}" who="{who}">
        <id>{id}</id>
        <role>{role}</role>
        <name>{name}</name>
        <start-date>{start}</start-date>
        <end-date>{end}</end-date>
        <country id="{country}">{called}</country>
        <locale></locale>
        <remarks></remarks>
    </trip>
"""
VISITS = {
    ("secretary", "marsh-edwina", "Edwina Marsh"): [
        (11, "1985-05-02", "1985-05-04", "panama", "Panama"),
        (12, "1985-05-03", "1985-05-04", "costa-rica", "Costa Rica"),
        (13, "1985-06-10", "1985-06-10", "italy", "Italy"),
    ],
    # Whoever was in Mexico with the President in 1975, and who was there before the century.
    ("secretary", "quist-olaf", "Olaf Quist"): [
        (31, "1975-08-02", "1975-08-02", "mexico", "Mexico"),
        (32, "1975-09-01", "1975-09-02", "italy", "Italy"),
    ],
    ("secretary", "lowe-ann", "Ann Lowe"): [(41, "1870-03-01", "1870-03-02", "mexico", "Mexico")],
    ("president", "harrow-tobias", "Tobias Harrow"): [
        (21, "1975-08-01", "1975-08-03", "mexico", "Mexico"),
        (22, "1985-01-09", "1985-01-11", "italy", "Italy"),
    ],
}


@pytest.fixture
def clones(tmp_path):
    """A copy of the made gazette, and a made register of travels of its own."""
    folder = Path(shutil.copytree(SAMPLE, tmp_path / "clones"))
    shutil.copy(ROOT / "fixtures" / "reference.toml", folder / "gazette")
    for name in ("secretary-travels", "president-travels"):
        for path in (folder / "travels" / name).glob("*.xml"):
            path.unlink()
    for (role, who, name), visits in VISITS.items():
        written = "".join(
            VISIT.format(role=role, who=who, name=name, id=entry, start=start, end=end,
                         country=country, called=called)
            for entry, start, end, country, called in visits
        )  # fmt: skip
        register_file(folder, who).write_text(f"<trips>\n{written}</trips>\n")
    return folder


def register_file(folder, who):
    role = next(role for role, person, _ in VISITS if person == who)
    return folder / "travels" / f"{role}-travels" / f"{who}.xml"


def checked(clones, *others):
    """Import the register, join it with the gazette, and return the checks by their keys."""
    imported(clones, "travels")
    return joined(clones, clones / "gazette", clones.parent / "travels", *others)["checks"]


def verdicts(checks):
    return {key: one["verdict"] for key, one in checks.items()}


AT_FIRST = {
    "days": "agrees", "countries": "agrees", "order": "agrees", "first": "agrees",
    "century": "depends",
}  # fmt: skip
TURNS = {
    "the last day is later": (
        *("marsh-edwina", "<end-date>1985-05-04", "<end-date>1985-05-14"),
        {"days": "differs"},
    ),
    "the other country came first": (
        *("marsh-edwina", "1985-05-02", "1985-05-04"),
        {"order": "differs", "century": "depends"},
    ),
    "both have the same days": (
        *("marsh-edwina", "<start-date>1985-05-03", "<start-date>1985-05-02"),
        {"order": "depends"},
    ),
    "a third country the day after": (
        *("marsh-edwina", "1985-06-10", "1985-05-05"),
        {"countries": "differs", "order": "differs"},
    ),
    "another journey in the same week": (
        *("marsh-edwina", "1985-06-10", "1985-05-07"),
        {"countries": "depends", "order": "depends"},
    ),
    "a journey before": (
        *("marsh-edwina", "1985-06-10", "1985-02-10"),
        {"first": "differs", "century": "differs"},
    ),
    "a journey before, with the President": (
        *("marsh-edwina", "1985-06-10", "1985-01-10"),
        {"first": "depends", "century": "depends"},
    ),
    "without the President": (
        *("harrow-tobias", "1975-08-01", "1975-08-03"),
        {"century": "differs"},
    ),
    "a century earlier": (
        *("quist-olaf", "1975-08-02", "1875-08-02"),
        {"century": "agrees"},
    ),
    "no journey in the week": (
        *("marsh-edwina", "1985-05-0", "1985-07-0"),
        dict.fromkeys(AT_FIRST, "differs"),
    ),
}


@pytest.mark.once
def test_a_verdict_comes_with_the_entries_it_rests_on(clones):
    checks = checked(clones)
    assert verdicts(checks) == AT_FIRST
    rests_on = {key: one["evidence"] for key, one in checks.items()}
    both = ["gazette-p1s1-0-100", "us-travels-11", "us-travels-12"]
    assert rests_on["days"] == rests_on["countries"] == rests_on["order"] == both
    assert rests_on["first"] == ["gazette-p1s1-0-100", "us-travels-11"]
    # Hers, the one that may count with the President's beside it, and the last before the century.
    entries = [f"us-travels-{number}" for number in (11, 21, 31, 41)]
    assert rests_on["century"] == ["gazette-p1s1-0-100", *entries]
    finding = checks["century"]["finding"]
    assert "Olaf Quist's first stop in office was in Mexico on 1975-08-02" in finding
    assert "beside Tobias Harrow" in finding
    assert "Ann Lowe's first stop in office was in Mexico on 1870-03-01" in finding


@pytest.mark.once
@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_one_date_of_the_register_turns_a_verdict(clones, turn):
    who, before, after, turned = turn
    path = register_file(clones, who)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1 if before.startswith("<") else -1))
    assert verdicts(checked(clones)) == AT_FIRST | turned


@pytest.mark.once
def test_a_term_in_office_bounds_what_counts(clones):
    """The register of officers says that the made Secretary came into office in 1973."""
    path = register_file(clones, "marsh-edwina")
    change(path, "<start-date>1985-06-10", "<start-date>1972-06-10")
    change(path, "<end-date>1985-06-10", "<end-date>1972-06-10")
    assert verdicts(checked(clones))["first"] == "differs"
    officers = clones / "pocom/positions-principals/secretary.xml"
    change(officers, "<date>1977-01</date>", "<date>1989-01</date>")
    imported(clones, "pocom")
    assert verdicts(checked(clones, clones.parent / "pocom"))["first"] == "agrees"


@pytest.mark.once
def test_a_join_computes_again_what_its_parts_found(clones):
    """A folder that is joined once more brings verdicts, which its new neighbours may turn."""
    found = checked(clones)
    (clones.parent / "joined").rename(clones.parent / "first")
    imported(clones, "pocom")
    again = joined(clones, clones.parent / "first", clones.parent / "pocom")["checks"]
    # The made Secretary left office in 1977 by this register, so that no stop is in office.
    assert verdicts(again) == AT_FIRST | {"first": "differs", "century": "differs"}
    assert again["first"]["evidence"] == ["gazette-p1s1-0-100"]
    assert again["days"] == found["days"]


@pytest.mark.once
def test_without_its_register_a_check_has_no_verdict(clones):
    checks = joined(clones, clones / "gazette")["checks"]
    assert checks.keys() == AT_FIRST.keys()
    for one in checks.values():
        assert one.keys().isdisjoint({"verdict", "finding"})
        assert one["query"].startswith("trips?source=us-travels&")
        assert one["evidence"] == ["gazette-p1s1-0-100"]


@pytest.mark.once
def test_every_rule_is_there_and_years_end_in_february():
    assert RULES.keys() == {*CheckRule}
    days = {"first": date(2024, 2, 29), "last": date(2024, 3, 1)}
    assert Claim("x", **days, listed=(), register="r", years=1).since == date(2023, 2, 28)


def test_the_article_says_what_can_be_checked(read):
    """The article's own release holds no register: it has the checks, and no verdicts."""
    checks = read("checks")["results"]
    assert {one["verdict"] for one in checks} == {one["finding"] for one in checks} == {None}
    for one in checks:
        assert read(one["query"])["count"] == 0
        claim = read(f"{'statements' if one['trip'] else 'trips'}/{one['claim']}")
        (own,) = (own for own in claim["checks"] if own["check"] == one["id"])
        assert own == {"check": one["id"], **{key: one[key] for key in own if key != "check"}}
        assert one["evidence"]


def test_checks_are_found_by_their_claims(read):
    every = read("checks")["results"]
    for name in ("claim", "claim_kind", "rule", "register"):
        value = every[0][name]
        found = {one["id"] for one in read(f"checks?{name}={value}")["results"]}
        assert found == {one["id"] for one in every if one[name] == value}
    assert read("checks?verdict=agrees")["count"] == 0
    assert read("checks?not_stated=verdict")["count"] == len(every)


@pytest.mark.servers
def test_verdicts_are_served_and_shown(clones):
    checks = checked(clones)
    with database(clones.parent, "claims") as url:
        done = manage(url, "load_release", str(clones.parent / "joined"))
        assert done.returncode == 0, done.stderr
        with serving(url) as address:

            def get(path):
                with urllib.request.urlopen(f"{address}/api/v1/{path}") as answer:
                    return answer.read().decode()

            served = {one["id"]: one for one in json.loads(get("checks"))["results"]}
            assert verdicts(served) == AT_FIRST
            for key, one in served.items():
                assert [passage["id"] for passage in one["evidence"]] == checks[key]["evidence"]
                # Whoever asks what was compared gets each entry that the verdict rests on.
                trips = json.loads(get(f"{one['query']}&page_size=500"))["results"]
                listed = {passage["id"] for trip in trips for passage in trip["evidence"]}
                assert {*checks[key]["evidence"][1:]} <= listed
            (depends,) = json.loads(get("checks?verdict=depends"))["results"]
            assert depends["id"] == "century"
            statement = json.loads(get("statements/first-in-a-century"))
            assert [one["verdict"] for one in statement["checks"]] == ["depends"]
            page = get("statements/first-in-a-century?format=html")
            assert "/api/v1/checks/century" in page
            assert "Depends" in page
            page = get("checks/century?format=html")
            links = "/api/v1/statements/first-in-a-century", "/api/v1/trips?source=us-travels&amp;"
            for shown in ("Olaf Quist", "entry 31", "Depends", *links):
                assert shown in page


@pytest.mark.slow
@pytest.mark.once
def test_the_verdicts_on_the_article_and_their_entries(real):
    found = records(real / "joined")
    checks = found["checks"]
    assert verdicts(checks) == {
        "rubio-journey-days": "agrees",
        "rubio-journey-countries": "agrees",
        "rubio-journey-order": "agrees",
        "rubio-first-engagement-abroad": "agrees",
        "first-in-latin-america-in-a-century": "depends",
    }
    entries = {
        key: [entry for one in check["evidence"] if (entry := found["passages"][one].get("entry"))]
        for key, check in checks.items()
    }
    journey = ["4281", "4282", "4283", "4284", "4285"]
    assert entries == {
        **dict.fromkeys(("rubio-journey-days", "rubio-journey-countries"), journey),
        "rubio-journey-order": journey,
        "rubio-first-engagement-abroad": ["4281"],
        # Knox in Panama in 1912, Powell and the President in Mexico in 2001, Rubio.
        "first-in-latin-america-in-a-century": ["1193", "1231", "2381", "4281"],
    }
    answers = {
        one["object"]: one["subject"]
        for one in found["relations"].values()
        if one["relation"] == "answers"
    }
    assert answers == {
        "trip-year-and-dates": "rubio-marco-2025-02-01",
        "trip-order-cities-hosts": "rubio-marco-2025-02-01",
        "trump-name-and-office": "donald-trump",
    }


REAL_TURNS = {
    # Powell, a day after the President left.
    "powell-colin-luther": ("<id>1231</id>", "2001-02-16", "2001-02-17",
                            {"first-in-latin-america-in-a-century": "differs"}),
    "rubio-marco": ("<id>4285</id>", "<end-date>2025-02-06", "<end-date>2025-02-08",
                    {"rubio-journey-days": "differs"}),
}  # fmt: skip


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("who", REAL_TURNS)
def test_one_date_of_the_real_register_turns_a_verdict(real, tmp_path, who):
    place, before, after, turned = REAL_TURNS[who]
    clone = Path(shutil.copytree(REAL / "travels", tmp_path / "travels", copy_function=shutil.copy))
    (path,) = clone.glob(f"secretary-travels/**/{who}.xml")
    path.chmod(0o644)
    head, entry, rest = path.read_text().partition(place)
    visit, end, others = rest.partition("</trip>")
    assert before in visit
    path.write_text(head + entry + visit.replace(before, after) + end + others)
    call_command("import_register", "travels", clone, into=tmp_path / "changed")
    sources = [ROOT / "fixtures", tmp_path / "changed", real / "pocom"]
    call_command("build_release", *sources, into=tmp_path / "joined")
    before_it = verdicts(records(real / "joined")["checks"])
    assert verdicts(records(tmp_path / "joined")["checks"]) == before_it | turned
