"""Registers: what an import makes of every entry, what it refuses, and how releases are joined.

The registers here are made up, people and all. Where those of the historians lie beside the
project, every entry of them is compared as well.
"""

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command

from policy.models import Passage, Position, Stop
from policy.registers.countries import coded
from policy.registers.dates import uncertain
from tests import samples
from tests.conftest import REAL, ROOT
from tests.releases import connected, database, killed, manage
from tests.servers import serving

SAMPLE = ROOT / "tests" / "registers"
TRAVELS = "travels/secretary-travels/marsh-edwina.xml"
POSITIONS = "pocom/positions-principals/director-bureau-of-lighthouses.xml"


@pytest.fixture
def clones(tmp_path):
    """A copy of the made registers that a test may change."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "clones"))


def change(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def imported(clones, name):
    """Return the records of a release that is imported from a clone, by file and key."""
    folder = clones.parent / name
    call_command("import_register", name, clones / name, into=folder, verbosity=0)
    return records(folder)


def records(folder):
    return {
        path.stem: {one["pk"]: one["fields"] for one in map(json.loads, _lines(path))}
        for path in folder.glob("*.ndjson")
    }


def _lines(path):
    return path.read_text().split("\n")[:-1]


def refusals(clones, name, capsys):
    """Import a clone that has something wrong, and return the lines that tell of it."""
    capsys.readouterr()
    with pytest.raises(CommandError, match="entries were refused; the others are in"):
        imported(clones, name)
    told = capsys.readouterr()
    numbers = [int(one) for one in re.findall(r"\d+", told.out.partition("entries: ")[2])[:4]]
    assert numbers[0] == sum(numbers[1:])
    assert numbers[2] == len(told.err.splitlines())
    return told.err


def joined(clones, *sources, identities=SAMPLE / "identities.toml"):
    folder = clones.parent / "joined"
    call_command("build_release", *sources, into=folder, identities=identities, verbosity=0)
    return records(folder)


@pytest.mark.once
def test_neighbouring_entries_are_one_journey_with_days_cities_and_order(clones):
    found = imported(clones, "travels")
    assert sorted(found["trips"]) == [
        "marsh-edwina-1974-05-02", "marsh-edwina-1974-05-09", "president-harrow-tobias-1975-08-01",
    ]  # fmt: skip
    trip = found["trips"]["marsh-edwina-1974-05-02"]
    assert (trip["time_earliest"], trip["time_latest"]) == ("1974-05-02", "1974-05-07")
    assert (trip["time_precision"], trip["support"]) == ("period", "inferred")
    assert "taken as one journey" in trip["note"]
    stops = sorted(
        (one for one in found["stops"].values() if one["trip"] == "marsh-edwina-1974-05-02"),
        key=lambda one: one["listed_position"],
    )
    told = [(one["country"], one.get("city"), one.get("visit_order")) for one in stops]
    # On 7 May two stops have the same days, so neither is known to be the first.
    assert told == [
        ("TUR", "Ankara", 1), ("ANT", "Willemstad", 2), ("SUN", "Moscow, Leningrad", 3),
        ("ISR", "Jerusalem", None), ("PSE", None, None),
    ]  # fmt: skip
    assert [one["support"] for one in stops] == ["stated", *["inferred"] * 4]
    alone = found["trips"]["marsh-edwina-1974-05-09"]
    assert alone["support"] == "stated"
    assert "note" not in alone


@pytest.mark.once
def test_evidence_is_the_entry_and_its_words_are_few(clones):
    found = imported(clones, "travels")
    entries = {one["entry"]: one for one in found["passages"].values()}
    assert entries["11"]["quote"] == "Met with Foreign Minister Ozan Tepe."
    assert "quote" not in entries["12"], "more than twelve words are left out, not cut"
    assert found["countries"]["TUR"]["aliases"] == ["Turkey", "Türkiye"]
    assert found["countries"]["TUR"]["evidence"] == ["us-travels-11", "us-travels-16"]
    source = found["sources"]["us-travels"]
    assert (source["kind"], source["entries"]) == ("register", 11)
    for name in ("travels", "pocom"):
        imported(clones, name)
        call_command("check_evidence", f"us-{name}", clones / name, folder=clones.parent / name)
    change(clones / TRAVELS, "Ankara", "Adana")
    with pytest.raises(CommandError, match="1 errors: this is not the clone"):
        call_command(
            "check_evidence", "us-travels", clones / "travels", folder=clones.parent / "travels"
        )


@pytest.mark.once
def test_what_is_left_aside_is_told_and_counted(clones, capsys):
    found = imported(clones, "pocom")
    told = capsys.readouterr().out
    for what in ("notes on a mission", "titles that nobody has", "lists of missions that one"):
        assert f"left aside: 1 {what}" in told
    read = found["sources"]["us-pocom"]["entries"]
    assert f"entries: {read} read, {len(found['passages'])} recorded, 0 refused, 3 left" in told


@pytest.mark.once
def test_offices_have_uncertain_time_and_say_how_far_somebody_came(clones):
    found = imported(clones, "pocom")["positions"]
    short = {key.partition("-us-pocom-")[2]: one for key, one in found.items()}
    secretary = short["secr-1973-mars"]
    assert (secretary["end_earliest"], secretary["end_latest"]) == ("1977-01-01", "1977-01-31")
    assert (secretary["end_precision"], secretary["status"]) == ("month", "held")
    first, again = short["ligh-1961-lowe"], short["ligh-1961-lowe-2"]
    assert first["start_precision"] == "year"
    assert "ends before it begins" in first["note"]
    assert (again["status"], "start_earliest" in again) == ("appointed", False)
    assert again["organisation"] == "us-bureau-of-lighthouses"
    vague = short["ru-1975-lowe-01"]
    assert vague["start_text"] == "On or shortly before 1975-04-02"
    assert "start_earliest" not in vague
    assert "status" not in short["ligh-1970-quis"]
    assert "among other appointees" in short["ligh-1970-quis"]["note"]
    nominated, ended = short["ru-1996-mars-01"], short["ru-1997-mars-01"]
    assert (nominated["status"], ended["status"]) == ("nominated", "appointed")
    assert "among other nominees" in nominated["note"]
    assert "among other envoys" in short["ru-1998-mars-01"]["note"], "a list of an unknown name"


@pytest.mark.once
def test_chiefs_of_mission_are_accredited_to_states_present_former_and_unlisted(clones):
    found = imported(clones, "pocom")["positions"]
    short = {key.partition("-us-pocom-")[2]: one for key, one in found.items()}
    soviet, russian = short["ru-1975-lowe-01"], short["ru-1995-quis-01"]
    assert (soviet["accredited_to"], soviet["support"]) == ("SUN", "inferred")
    assert (russian["accredited_to"], russian["support"]) == ("RUS", "stated")
    assert "accredited_to" not in short["tx-1838-quis-01"]
    assert "Texas" in short["tx-1838-quis-01"]["note"]
    nations = short["un-1970-vale"]
    assert nations["accredited_to_organisation"] == "united-nations"
    assert nations["organisation"] == "us-mission-to-united-nations"


@pytest.mark.once
@pytest.mark.parametrize(
    ("register_id", "name", "code"),
    [
        ("turkiye", "Türkiye", "TUR"), ("macedonia", "Macedonia", "MKD"),
        ("north-macedonia", "North Macedonia", "MKD"), ("czechoslovakia", None, "CSK"),
        ("congo-kinshasa", None, "COD"), ("congo-brazzaville", None, "COG"),
        ("serbia", "Serbia and Montenegro", "SCG"), ("serbia", "Serbia", "SRB"),
    ],
)  # fmt: skip
def test_double_names_and_former_states_have_their_codes(register_id, name, code):
    assert coded(register_id, name=name).code == code


@pytest.mark.once
@pytest.mark.parametrize(
    ("day", "words", "expected"),
    [
        ("1901-02", "", ("1901-02-01", "1901-02-28", "month")),
        ("1904", "Left post on", ("1904-01-01", "1904-12-31", "year")),
        ("1904-02-29", "Transmitted recall by note", ("1904-02-29", "1904-02-29", "day")),
        ("1904-02-29", "Left post about", None),
        ("1904-02-29", "Between February 1 and", None),
        ("", "Soon after", None),
    ],
)
def test_dates_are_as_sure_as_their_words(day, words, expected):
    found = uncertain("time", day, words)
    parts = [str(found.get(f"time_{one}", "")) for one in ("earliest", "latest", "precision")]
    assert parts == list(expected or ("", "", ""))
    assert found["time_text"] == f"{words} {day}".strip()


UN = "pocom/missions-orgs/representative-to-un.xml"
DTD = '<!DOCTYPE x [<!ENTITY a "b">]><trips>'
REFUSED = {
    "unknown country": (TRAVELS, 'id="israel"', 'id="isreal"', "14: country 'isreal' is in no t"),
    "no day": (TRAVELS, "1974-05-09", "1974-05", "16: start-date: '1974-05' is no day"),
    "no such day": (TRAVELS, "1974-05-09", "1974-02-30", "16: '1974-02-30' is no day of the cal"),
    "end before start": (TRAVELS, "1974-05-10", "1974-05-01", "16: end-date: 1974-05-01 is before"),
    "twice": (TRAVELS, "<id>12</id>", "<id>11</id>", "11: id: stands twice: give one"),
    "too long": (TRAVELS, "Ankara", "A" * 101, "11: city: "),
    "other element": (TRAVELS, "<trips>", "<trips><visit/>", "entry 1: <visit> is unknown"),
    "no XML": (TRAVELS, "</trips>", "", "(the whole file): is not XML: "),
    "document type": (TRAVELS, "<trips>", DTD, "(the whole file): declares a document type: take"),
    "unknown person": (POSITIONS, "quist-olaf", "quist-ole", "ligh-1970-quis: person-id: there is"),
    "unknown title": (POSITIONS, "id>director", "id>doctor", "ligh-1961-lowe: role-title-id: "),
    "no date": (POSITIONS, "1963-02-03", "3/2/1963", "ligh-1961-lowe: '3/2/1963' is no date: wri"),
    "unknown body": (UN, "<id>representative-to-un", "<id>envoy", "envoy: id: its organisation"),
}


@pytest.mark.once
@pytest.mark.parametrize("wrong", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_told_of_with_file_id_and_cure(clones, capsys, wrong):
    file, before, after, told = wrong
    change(clones / file, before, after)
    lines = refusals(clones, file.partition("/")[0], capsys)
    where = "/".join(Path(file).parts[1:])
    assert f"{where}: {told}" in lines


@pytest.mark.once
def test_a_folder_that_is_no_clone_or_not_ours_to_replace_is_refused(clones):
    with pytest.raises(CommandError, match="holds no XML: give a clone"):
        call_command("import_register", "pocom", clones / "travels", into=clones.parent / "x")
    with pytest.raises(CommandError, match="holds other things: give a new folder"):
        call_command("import_register", "travels", clones / "travels", into=clones)


@pytest.mark.once
def test_the_same_clone_gives_the_same_bytes_and_replaces_the_release(clones):
    folder = clones.parent / "travels"
    imported(clones, "travels")
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    imported(clones, "travels")
    assert before == {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.once
def test_one_person_is_one_record_by_identifiers_and_never_by_a_key(clones):
    for name in ("travels", "pocom"):
        imported(clones, name)
    found = joined(clones, clones.parent / "travels", clones.parent / "pocom")
    # The president has the id that the list of people gives his grandson.
    assert found["officials"]["harrow-tobias"]["name"] == "Tobias Harrow III"
    assert found["officials"]["president-harrow-tobias"]["name"] == "Tobias Harrow"
    assert "president-vale-ines" not in found["officials"]
    assert found["officials"]["vale-ines-maria"]["aliases"] == ["Ines Vale", "Ines Maria Vale"]
    schemes = [
        (one["scheme"], one["value"], one["checked_by"])
        for one in found["identifiers"].values()
        if one["official"] == "vale-ines-maria"
    ]
    assert sorted(schemes) == [
        ("us-historian-people", "vale-ines-maria", "us-pocom"),
        ("us-historian-presidents", "vale-ines", "The tests"),
    ]
    offices = [key for key, one in found["positions"].items() if one["official"] == "marsh-edwina"]
    assert {*offices} >= {
        "marsh-edwina-us-pocom-secr-1973-mars", "marsh-edwina-us-travels-secretary-of-state",
    }  # fmt: skip
    former = found["renamings"]["official-president-vale-ines"]
    assert former["record"] == "vale-ines-maria"


@pytest.mark.once
def test_a_join_in_two_steps_is_the_join_in_one(clones):
    for name in ("travels", "pocom"):
        imported(clones, name)
    travels, pocom = (clones.parent / name for name in ("travels", "pocom"))
    table = ROOT / "fixtures" / "identities.toml"
    whole = joined(clones, ROOT / "fixtures", travels, pocom, identities=table)
    joined(clones, ROOT / "fixtures", travels, identities=table)
    first = (clones.parent / "joined").rename(clones.parent / "first")
    assert joined(clones, first, pocom, identities=table) == whole


@pytest.mark.once
def test_a_key_that_two_sources_use_joins_nobody(clones, capsys):
    """Without an identifier in common the same key, and the same name, say nothing."""
    imported(clones, "travels")
    change(clones / "pocom/people/m/marsh-edwina.xml", "<id>marsh-edwina<", "<id>Marsh-Edwina<")
    with pytest.raises(CommandError):
        imported(clones, "pocom")
    capsys.readouterr()
    with pytest.raises(CommandError, match="1 errors; nothing was written"):
        joined(clones, clones.parent / "travels", clones.parent / "pocom")
    assert "nothing says that the two are one: say so in identities.toml" in capsys.readouterr().err
    once = joined(clones, clones.parent / "travels")
    (clones.parent / "joined").rename(clones.parent / "first")
    for first in ("travels", "first"):
        with pytest.raises(CommandError, match="2 errors; nothing was written"):
            joined(clones, *(clones.parent / name for name in (first, "travels", "travels")))
        lines = capsys.readouterr().err.splitlines()
        assert [line.partition(": ")[0] for line in lines] == [str(clones.parent / "travels")] * 2
        assert f"has the source us-travels, as {clones.parent / first} has: give each" in lines[0]
    assert joined(clones, clones.parent / "travels") == once
    (clones.parent / "travels" / "stops.ndjson").write_text("")
    with pytest.raises(CommandError, match="errors; nothing was written"):
        joined(clones, clones.parent / "travels")
    assert "its content hash is another" in capsys.readouterr().err


IDENTITIES = {
    "unknown scheme": (
        "us-historian-presidents",
        "us-historian-president",
        "scheme: is unknown; d",
    ),
    "no reason": ("reason", "why", "needs checked_by, reason, record, scheme, value as texts"),
    "other table": ("[[official]]", "[[person]]", "person: is unknown; "),
}


@pytest.mark.once
@pytest.mark.parametrize("wrong", IDENTITIES.values(), ids=IDENTITIES)
def test_identities_are_read_strictly(clones, capsys, wrong):
    before, after, told = wrong
    imported(clones, "travels")
    table = clones / "identities.toml"
    change(table, before, after)
    with pytest.raises(CommandError, match="errors; nothing was written"):
        joined(clones, clones.parent / "travels", identities=table)
    assert told in capsys.readouterr().err


RELATION = """
[[relation]]
id = "journeys-of-a-spring"
relation = "continues"
subject_kind = "trip"
subject = "marsh-edwina-1974-05-09"
object_kind = "trip"
object = "marsh-edwina-1974-05-02"
support = "inferred"
note = "The tests say so."
evidence = ["us-travels-11", "us-travels-12", "us-travels-16"]
"""


def without(path, entry):
    """Take an entry out of the file of a register."""
    text = path.read_text()
    (found,) = re.findall(rf"<trip(?:(?!<trip).)*<id>{entry}</id>.*?</trip>", text, re.DOTALL)
    path.write_text(text.replace(found, ""))


@pytest.mark.once
@pytest.mark.parametrize("entry", [11, 12])
def test_a_relation_whose_entry_is_gone_is_left_out_and_told(clones, capsys, entry):
    """The first stop gives the journey its key, the second is evidence alone."""
    table = clones / "identities.toml"
    table.write_text(RELATION)
    imported(clones, "travels")
    capsys.readouterr()
    whole = joined(clones, clones.parent / "travels", identities=table)
    assert "journeys-of-a-spring" in whole["relations"]
    assert "left out" not in capsys.readouterr().out
    without(clones / TRAVELS, entry)
    imported(clones, "travels")
    capsys.readouterr()
    fewer = joined(clones, clones.parent / "travels", identities=table)
    assert fewer.get("relations", {}) == {}
    told = [line for line in capsys.readouterr().out.splitlines() if "left out" in line]
    assert told == [f"journeys-of-a-spring: left out, us-travels has no entry {entry}"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("us-travels-12", "us-pocom-12", "no source has a passage us-pocom-12"),
        ("1974-05-09", "1974-05-19", "there is no trip marsh-edwina-1974-05-19"),
        ('\nobject = "(.*)"', r'\g<0>\nobject_part = "\1-tur"', None),
        ('\nobject = "(.*)"', r'\g<0>\nobject_part = "\1-x"',
         "marsh-edwina-1974-05-02 has no part marsh-edwina-1974-05-02-x"),
    ],
)  # fmt: skip
def test_a_relation_is_left_out_for_what_is_not_joined(clones, capsys, before, after, told):
    table = clones / "identities.toml"
    table.write_text(re.sub(before, after, RELATION))
    imported(clones, "travels")
    joined(clones, clones.parent / "travels", identities=table)
    line = f"journeys-of-a-spring: left out, {told}\n"
    assert capsys.readouterr().out.count(line) == (told is not None)


@pytest.mark.once
def test_a_relation_that_cites_no_sentence_of_a_text_is_a_mistake(clones, capsys):
    fields = {"subject": "rubio-latin-america-2025", "object": "trip-year-and-dates"}
    text = re.sub(r'(object_kind = )"trip"', r'\1"gap"', RELATION.replace("continues", "answers"))
    for name, key in fields.items():
        text = re.sub(rf'\n{name} = ".*"', f'\n{name} = "{key}"', text)
    table = clones / "identities.toml"
    table.write_text(re.sub("evidence = .*", 'evidence = ["article-1-p1s3-311-1"]', text))
    with pytest.raises(CommandError, match="1 errors; nothing was written"):
        joined(clones, ROOT / "fixtures", identities=table)
    assert "there is no record 'article-1-p1s3-311-1'" in capsys.readouterr().err


@pytest.mark.once
def test_what_sources_say_differently_is_no_choice_of_the_join(clones, capsys):
    """A join that called the United Nations the State Department would have to choose a kind."""
    imported(clones, "pocom")
    table = clones / "identities.toml"
    wrong = {"record": "us-state-department", "also": "united-nations", "reason": "None."}
    lines = [f'{name} = "{value}"' for name, value in {**wrong, "checked_by": "The tests"}.items()]
    table.write_text("[[organisation]]\n" + "\n".join(lines) + "\n")
    with pytest.raises(CommandError, match="errors; nothing was written"):
        joined(clones, ROOT / "fixtures", clones.parent / "pocom", identities=table)
    told = capsys.readouterr().err
    assert "kind: is 'international_organisation', and 'government_body' in" in told
    assert "keep two records, and relate them as contradicting" in told


@pytest.mark.once
@pytest.mark.servers
def test_what_a_killed_import_leaves_is_removed_by_the_next(clones):
    folder = clones.parent / "made"
    command = ["import_register", "travels", clones / "travels", "--into", folder / "travels"]
    killed(command, lambda: any(folder.glob(".*/*/*")))
    assert [path.name[0] for path in folder.iterdir()] == ["."], "it ended before it was killed"
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, check=True)
    assert [path.name for path in folder.iterdir()] == ["travels"]


@pytest.mark.once
def test_the_importer_says_which_package_is_missing(clones, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycountry", None)
    with pytest.raises(CommandError, match=r"pycountry is not installed.*requirements-dev\.lock"):
        imported(clones, "travels")


@pytest.mark.servers
def test_the_join_of_article_and_registers_is_loaded_and_served(clones, django_db_blocker):
    for name in ("travels", "pocom"):
        imported(clones, name)
    parts = [clones.parent / name for name in ("travels", "pocom")]
    joined(clones, ROOT / "fixtures", *parts, identities=ROOT / "fixtures" / "identities.toml")
    with database(clones.parent, "registers") as url:
        done = manage(url, "load_release", str(clones.parent / "joined"))
        assert done.returncode == 0, done.stderr
        with serving(url) as address:

            def ask(path):
                with urllib.request.urlopen(f"{address}/api/v1/{path}") as answer:
                    return json.load(answer)

            assert ask("sources?kind=register")["count"] == 2
            trips = ask("trips?traveller=marsh-edwina&from=1974-05-01&to=1974-05-07")["results"]
            assert trips[0]["stops"][0]["city"] == "Ankara"
            (passage,) = ask("passages?source=us-travels&entry=11")["results"]
            assert (passage["sentence"], passage["start"]) == (None, None)
            assert {"kind": "trip", "id": trips[0]["id"]} in passage["facts"]
            assert ask("officials?accredited_to=SUN")["results"][0]["id"] == "lowe-ann-beatrix"
            assert ask("officials?same_as=lowe-ann-b")["count"] == 1
            assert ask("sources/us-pocom/coverage")["sentences"] == 0
            every = ask("passages?page_size=500")["results"]
            assert len(every) == ask("passages")["count"]
            pages = [f"sources/{trips[0]['evidence'][0]['source']}", f"trips/{trips[0]['id']}"]
            for page in pages:
                with urllib.request.urlopen(f"{address}/api/v1/{page}?format=html") as answer:
                    assert "us-travels" in answer.read().decode()
        with django_db_blocker.unblock(), connected(url) as made, made.cursor() as cursor:
            cursor.execute("SELECT DISTINCT entry FROM evidence WHERE source = 'us-travels'")
            assert len(cursor.fetchall()) == 11


def texts(element, *paths):
    return [" ".join((element.findtext(path) or "").split()) for path in paths]


def entries(register, tags):
    """Yield each entry of a register with its file, read in the plainest way."""
    for path in sorted((REAL / register).rglob("*.xml")):
        for element in ET.parse(path).getroot().iter():
            if element.tag in tags:
                yield path, element


@pytest.mark.slow
@pytest.mark.once
def test_every_entry_of_the_travels_is_a_stop(real):
    found = records(real / "joined")
    passages = {
        one["entry"]: key for key, one in found["passages"].items() if one["source"] == "us-travels"
    }
    stops = {one["evidence"][0]: one for one in found["stops"].values()}
    number = 0
    for _, element in entries("travels", {"trip"}):
        number += 1
        key, start, end, city = texts(element, "id", "start-date", "end-date", "locale")
        stop = stops[passages[key]]
        assert (stop["time_earliest"], stop["time_latest"]) == (start, end)
        assert stop.get("city", "") == city
        country = found["countries"][stop["country"]]
        assert texts(element, "country")[0] in country["aliases"]
        assert passages[key] in found["trips"][stop["trip"]]["evidence"]
    assert number > 0
    assert number + len(samples.records("stops")) == len(found["stops"]), "and the article's"


@pytest.mark.slow
@pytest.mark.once
def test_every_entry_of_the_officers_is_a_person_or_an_office(real):
    found = records(real / "joined")
    entry = {key: one.get("entry") for key, one in found["passages"].items()}
    people = {one["value"] for one in found["identifiers"].values()}
    read = [texts(one, "id")[0] for _, one in entries("pocom", {"person"})]
    assert read
    assert set(read) <= people
    offices = {}
    for one in found["positions"].values():
        for key in one["evidence"]:
            offices.setdefault(entry[key], []).append(one)
    number, refused, of_nobody = 0, [], []
    for path, element in entries("pocom", {"chief", "principal"}):
        if "concurrent" in str(path):
            continue
        number += 1
        key, started, who = texts(element, "id", "started/date", "person-id")
        if who not in read:
            of_nobody.append(key)
        place = f"{path.parent.name}/{path.stem}/{key}"
        made = [*offices.get(place, ()), *offices.get(f"{place}/2", ())]
        if not made:
            refused.append(key)
        elif started:
            assert any((one.get("start_text") or "").endswith(started) for one in made), place
    assert refused == of_nobody, "of people who are in no file"
    from_register = [one for one in found["positions"].values() if "us-pocom" in str(one)]
    assert len(from_register) == number - len(refused)


@pytest.mark.slow
@pytest.mark.once
def test_the_journey_of_the_article_and_that_of_the_register_are_related(real):
    found = records(real / "joined")
    relation = found["relations"]["rubio-journey-2025-as-made"]
    trips = [found["trips"][relation[end]] for end in ("subject", "object")]
    assert {one["traveller"] for one in trips} == {"marco-rubio"}
    made = sorted(
        (one for one in found["stops"].values() if one["trip"] == relation["subject"]),
        key=lambda one: one["visit_order"],
    )
    planned = sorted(
        (one for one in found["stops"].values() if one["trip"] == relation["object"]),
        key=lambda one: one["listed_position"],
    )
    assert [one["country"] for one in made] == [one["country"] for one in planned]
    assert all("city" in one for one in made)
    assert not any("city" in one or "visit_order" in one for one in planned)
    assert "rubio-marco" not in found["officials"]
    assert "us-department-of-state" not in found["organisations"]


@pytest.mark.slow
@pytest.mark.once
def test_no_prose_of_the_registers_is_in_the_release(real):
    """No run of thirteen words of a remark stands in any record."""
    whole = "\n".join(
        (real / "joined" / f"{name}.ndjson").read_text()
        for name in ("passages", "positions", "stops", "trips", "officials")
    )
    for _, element in [*entries("travels", {"trip"}), *entries("pocom", {"chief", "principal"})]:
        for name in ("remarks", "note"):
            words = texts(element, name)[0].split()
            if len(words) > 12:
                assert " ".join(words[:13]) not in whole


@pytest.mark.slow
@pytest.mark.servers
def test_all_of_the_registers_are_loaded(real, django_db_blocker):
    with database(real, "historians") as url:
        done = manage(url, "load_release", str(real / "joined"))
        assert done.returncode == 0, done.stderr
        with django_db_blocker.unblock(), connected(url) as connection:
            counts = json.loads((real / "joined" / "release.json").read_text())[0]["fields"]
            for model, name in ((Passage, "passages"), (Position, "positions"), (Stop, "stops")):
                assert model.objects.using(connection.alias).count() == counts["counts"][name]
