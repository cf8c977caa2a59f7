"""A second source, made up: from its bare text to answers that contradict and correct the first.

It goes the way that CONTRIBUTING describes, with the commands named there.
"""

import json
import shutil
import tomllib
import urllib.request

import pytest
from django.core.management import CommandError, call_command

from policy.annotations.building import build
from policy.annotations.reading import InvalidAnnotationsError
from tests.conftest import ROOT
from tests.releases import NEXT, database, manage
from tests.servers import serving

SLUG = "regional-bulletin"
ANNOTATIONS = ROOT / "tests" / "sources" / SLUG
TEXT = ANNOTATIONS.with_suffix(".txt")
ISSUE = "mex-usa-third-country-deportees"
FIRST_FIGURE, SECOND_FIGURE = (
    f"{ISSUE}-article-1-people-taken-in",
    f"{ISSUE}-{SLUG}-people-received",
)
WITHHELD = "mex-withholds-military-flight-landings"


def first_sources(to):
    """Return a copy of the annotations without this source, should it be among them."""
    ignored = shutil.ignore_patterns("*.json", "LICENSE", SLUG)
    return shutil.copytree(ROOT / "fixtures", to / "fixtures", ignore=ignored)


def add_facts(folder):
    """Add to a source's folder what a person writes: all but the sentences and their offsets."""
    for path in ANNOTATIONS.glob("*.toml"):
        if path.name != "sentences.toml":
            shutil.copy(path, folder / "sources" / SLUG)


def change(folder, name, before, after):
    """Replace a text in one file of the source's folder."""
    path = folder / "sources" / SLUG / name
    assert before in path.read_text(), before
    path.write_text(path.read_text().replace(before, after, 1))


@pytest.fixture
def folder(tmp_path):
    """The annotations of the first sources and of this one."""
    folder = first_sources(tmp_path)
    shutil.copytree(ANNOTATIONS, folder / "sources" / SLUG)
    return folder


def errors(folder):
    with pytest.raises(InvalidAnnotationsError) as caught:
        build(folder)
    return caught.value.errors


@pytest.mark.once
def test_the_recipe_leads_from_the_bare_text_to_a_release(tmp_path, capsys):
    folder = first_sources(tmp_path)
    made = folder / "sources" / SLUG
    call_command("new_source", SLUG, TEXT, language="en", folder=folder)
    split = tomllib.loads((made / "sentences.toml").read_text())["sentence"]
    kept = tomllib.loads((ANNOTATIONS / "sentences.toml").read_text())["sentence"]
    assert split == [
        {name: value for name, value in one.items() if name != "uncited_reason"} for one in kept
    ]
    call_command("draft", SLUG, TEXT, folder=folder)
    proposed = capsys.readouterr().out
    for name in ("José Raúl Mulino", "2,900", "12 February 2025", "MEX", "USA", "PAN"):
        assert name in proposed, name
    text = TEXT.read_text()
    passages = tomllib.loads((ANNOTATIONS / "passages.toml").read_text())["passage"]
    (tmp_path / "phrases").write_text(
        "\n".join(text[one["start"] : one["end"]] for one in passages)
    )
    call_command("locate", SLUG, TEXT, file=tmp_path / "phrases", write=True, folder=folder)
    located = tomllib.loads((made / "passages.toml").read_text())["passage"]
    spans = [
        {(one["start"], one["end"], one["sha256"]) for one in of} for of in (located, passages)
    ]
    assert spans[0] == spans[1]
    add_facts(folder)
    with pytest.raises(CommandError, match="1 error"):
        call_command("build_fixtures", folder=folder)
    shutil.copy(ANNOTATIONS / "sentences.toml", made)
    call_command("build_fixtures", folder=folder)
    call_command("check_evidence", SLUG, TEXT, folder=folder)


def test_what_another_source_declares_is_not_overwritten(folder):
    change(folder, "bilateral-issues.toml", f'id = "{ISSUE}"\n', f'id = "{ISSUE}"\ntitle = "x"\n')
    change(folder, "officials.toml", 'id = "marco-rubio"\n', 'id = "marco-rubio"\nname = "M"\n')
    found = "\n".join(errors(folder))
    cures = {
        f"issue {ISSUE}: title": "add only account, and write a relation",
        "official marco-rubio: name": "add only aliases, evidence, position, same_as, and write a ",
    }
    for where, cure in cures.items():
        (line,) = [line for line in found.splitlines() if where in line]
        assert f"{SLUG}/" in line
        assert "another source declares this record, in " in line
        assert cure in line


def test_which_account_is_newest_is_not_guessed(folder):
    days = 'published_text = "15 February 2025"\npublished_earliest = 2025-02-15\n'
    rest = 'published_latest = 2025-02-15\npublished_precision = "day"\n'
    change(folder, "source.toml", days + rest, "")
    (line,) = errors(folder)
    assert f"account {ISSUE}-{SLUG}: time_earliest, time_latest: which account" in line
    change(folder, "bilateral-issues.toml", 'status = "cooperative"\n', "")
    assert build(folder)  # what tells no status does not compete
    status = 'status = "cooperative"\n'
    days = 'time_earliest = 2025-02-{}\ntime_latest = 2025-03-01\ntime_precision = "range"\n'
    overlapping, later = days.format("07"), days.format("08")
    change(folder, "bilateral-issues.toml", "support =", status + overlapping + "support =")
    (line,) = errors(folder)
    assert "which account" in line
    change(folder, "bilateral-issues.toml", overlapping, later)
    assert build(folder)


def test_an_account_needs_a_side_for_each_country(folder):
    change(folder, "bilateral-issues.toml", 'country = "USA"', 'country = "PAN"')
    (line,) = [line for line in errors(folder) if "side" in line]
    assert "needs one for each country of the issue, MEX, USA, and no other" in line


def test_events_cannot_come_before_each_other(folder):
    ring = """
        [[event.order]]
        relation = "before"
        other = "usa-asks-mexico-for-landing"
        support = "stated"
        evidence = ["p5s2-874-914"]
    """
    path = folder / "sources" / SLUG / "events.toml"
    whole = path.read_text()
    event, asks = (
        f'id = "{key}"' for key in ("mex-lets-flight-land", "usa-asks-mexico-for-landing")
    )
    assert whole.index(event) < whole.index(asks)
    at = whole.rindex("[[event]]", 0, whole.index(asks))
    path.write_text(whole[:at] + ring + "\n" + whole[at:])
    found = errors(folder)
    assert any("is told more than once" in line for line in found), found
    assert any("come before each other in a ring" in line for line in found), found


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a server with both sources loaded."""
    tmp_path = tmp_path_factory.mktemp("many")
    folder = first_sources(tmp_path)
    shutil.copytree(ANNOTATIONS, folder / "sources" / SLUG)
    release = folder / "release.toml"
    (before,) = (line for line in release.read_text().splitlines() if line.startswith("version"))
    release.write_text(release.read_text().replace(before, f'version = "{NEXT}"'))
    call_command("build_fixtures", folder=folder, verbosity=0)
    with database(tmp_path, "many", filled=True) as url:
        loaded = manage(url, "load_release", str(folder))
        assert loaded.returncode == 0, loaded.stderr
        with serving(url) as found:
            yield found


def ask(address, path):
    with urllib.request.urlopen(f"{address}/api/v1/{path}") as answer:
        return json.load(answer)


def keys(address, path):
    """Return the keys of the records that a list finds."""
    return {record["id"] for record in ask(address, path)["results"]}


@pytest.mark.servers
def test_an_issue_has_an_account_of_each_source(address):
    issue = ask(address, f"bilateral-issues/{ISSUE}")
    first, second = issue["accounts"]
    assert [first["source"], second["source"]] == ["article-1", SLUG]
    assert [first["current"], second["current"]] == [False, True]
    assert issue["account"] == second["id"]
    for name in ("source", "status", "summary", "sides", "figures", "evidence"):
        assert issue[name] == second[name] != first[name]
    figures = [account["figures"] for account in (first, second)]
    assert 4000 in [one["value"] for one in figures[0]]
    assert [one["value"] for one in figures[1]] == [2900]


@pytest.mark.servers
def test_filters_take_the_current_account_or_any(address):
    first, second = ask(address, f"bilateral-issues/{ISSUE}")["accounts"]
    for name in ("status", "source"):
        for account, value in (("current", second[name]), ("any", second[name])):
            found = keys(address, f"bilateral-issues?{name}={value}&account={account}")
            assert ISSUE in found, (name, account)
        assert ISSUE not in keys(address, f"bilateral-issues?{name}={first[name]}")
        assert ISSUE in keys(address, f"bilateral-issues?{name}={first[name]}&account=any")
        without = f"bilateral-issues?exclude_{name}={first[name]}"
        assert ISSUE in keys(address, without)
        assert ISSUE not in keys(address, f"{without}&account=any")
    for account, number in (("current", 1), ("any", 2)):
        path = f"bilateral-issues?id={ISSUE}&facets=source,status&account={account}"
        for counted in ask(address, path)["facets"].values():
            assert len(counted) == number
            for entry in counted:
                assert entry["count"] == 1


@pytest.mark.servers
def test_two_figures_contradict_each_other(address):
    (relation,) = ask(address, "relations?relation=contradicts")["results"]
    assert (relation["subject"], relation["subject_part"]) == (ISSUE, SECOND_FIGURE)
    assert (relation["object"], relation["object_part"]) == (ISSUE, FIRST_FIGURE)
    shown = ask(address, f"bilateral-issues/{ISSUE}")["relations"]
    assert {(one["relation"], one["part"], one["other_part"]) for one in shown} == {
        ("contradicts", SECOND_FIGURE, FIRST_FIGURE),
        ("contradicts", FIRST_FIGURE, SECOND_FIGURE),
    }
    assert ISSUE in keys(address, "bilateral-issues?relation=contradicts")
    assert ISSUE not in keys(address, "bilateral-issues?exclude_relation=contradicts")
    # What contradicts a part leaves the whole as it is.
    assert ISSUE in keys(address, "bilateral-issues?superseded=false")
    dyad = ask(address, "dyads/MEX-USA")
    assert relation in dyad["relations"]["records"]
    assert ISSUE in {one["id"] for one in dyad["issues"]["records"]}
    (pair,) = (
        one for one in ask(address, "dyads?country=MEX")["results"] if one["id"] == "MEX-USA"
    )
    assert pair["relations"] == dyad["relations"]["count"]
    assert relation["id"] in keys(address, "relations?between=US,MX")
    cited = {
        fact["id"] for fact in ask(address, f"passages/{relation['evidence'][0]['id']}")["facts"]
    }
    assert relation["id"] in cited
    covered = ask(address, f"sources/{SLUG}/coverage")["ledger"]
    assert any(relation["id"] in {fact["id"] for fact in line["facts"]} for line in covered)


@pytest.mark.servers
def test_what_is_corrected_is_served_and_says_so(address):
    event = ask(address, f"events/{WITHHELD}")
    assert event["superseded"]
    (relation,) = event["relations"]
    assert relation["relation"] == "corrected_by"
    other = ask(address, f"events/{relation['other']}")
    assert not other["superseded"]
    assert [one["relation"] for one in other["relations"]] == ["corrects"]
    whole, left, gone = (
        keys(address, f"events?page_size=500{more}")
        for more in ("", "&superseded=false", "&superseded=true")
    )
    assert gone == {WITHHELD}
    assert whole - left == gone
    assert keys(address, "events?relation=corrected_by") == gone


@pytest.mark.servers
def test_a_gap_names_what_answers_it(address):
    (gap,) = ask(address, "gaps?relation=answered_by")["results"]
    (relation,) = gap["relations"]
    assert ask(address, f"{relation['other_kind']}s/{relation['other']}")["relations"]


@pytest.mark.servers
def test_organisations_speak_act_and_hold_offices(address):
    for key, field in (("european-union", "attributed_organisation"),):
        (statement,) = ask(address, f"statements?{field}={key}")["results"]
        assert [statement[name] for name in ("speaker", "attributed_country", "narrator")] == [
            *(None, None),
            False,
        ]
    (meeting,) = ask(address, "events?place_country=US")["results"]
    assert (meeting["mode"], meeting["place_text"]) == ("multilateral", "Washington, D.C.")
    assert "organization-of-american-states" in {one["organisation"] for one in meeting["actors"]}
    (sanction,) = ask(address, "events?event_type=SANCTION")["results"]
    parties = {
        (one["organisation"], one["country"], one["sector"]) for one in sanction["recipients"]
    }
    assert parties == {
        ("los-faroles", "VEN", "CRM"),
        ("carga-istmo", None, "BUS"),
        ("naviera-del-golfo", None, "BUS"),
    }
    assert sanction["id"] in {
        one["id"] for one in ask(address, "dyads/USA-VEN")["events"]["records"]
    }
    (official,) = ask(address, "officials?organisation=canal-council")["results"]
    (office,) = (one for one in official["positions"] if one["organisation"] == "canal-council")
    assert (office["start_text"], office["start_precision"]) == ("since early 2025", "range")
    assert {"Jose Raul Mulino", "José Raúl Mulino"} <= set(official["aliases"])
    # An organisation that speaks for its country concerns it.
    ministry = keys(address, "statements?attributed_organisation=mexican-foreign-ministry")
    assert ministry <= keys(address, "statements?country=MX&page_size=500")


@pytest.mark.servers
def test_quoted_words_have_their_language(address):
    (statement,) = ask(address, "statements?quotation_language=es")["results"]
    assert statement["quotation"] in TEXT.read_text()
    assert statement["quotation_translated"] is False


@pytest.mark.servers
def test_a_source_adds_a_stop_and_evidence(address):
    trip = ask(address, "trips/rubio-latin-america-2025")
    (stop,) = (one for one in trip["stops"] if one["listed_position"] is None)
    assert (stop["country"], stop["city"]) == ("MEX", "Mexico City")
    assert len(trip["stops"]) > 1


@pytest.mark.servers
def test_keys_are_stated_by_the_current_account_or_by_any(address):
    first, second = ask(address, f"bilateral-issues/{ISSUE}")["accounts"]
    assert [one["note"] is None for one in (first, second)] == [False, False]
    differing = [name for name in first if (first[name] is None) != (second[name] is None)]
    figures = {name for figure in first["figures"] for name in figure if figure[name] is None}
    assert "value" in figures  # which the current account gives
    for name in [*differing, "figures.value"]:
        without = f"bilateral-issues?not_stated={name}"
        assert ISSUE in keys(address, f"{without}&account=any")
        assert (ISSUE in keys(address, without)) == (second.get(name, 0) is None)


@pytest.mark.servers
def test_languages_are_asked_for_in_any_case(address):
    assert keys(address, "statements?quotation_language=ES") == {"mulino-canal-nobody-elses"}
    assert SLUG in keys(address, "sources?language=EN")


REFUSED = {
    "source of an account": ("bilateral-issues.toml", "[[issue.account]]\n",
        '[[issue.account]]\nsource = "article-1"\n', "source: leave it out; it follows from"),
    "current by hand": ("bilateral-issues.toml", "[[issue.account]]\n",
        f'[[issue.account]]\ncurrent_for = "{ISSUE}"\n', "current_for: leave it out"),
    "language by name": ("statements.toml", 'quotation_language = "es"',
        'quotation_language = "Spanish"', "quotation_language: Write a BCP 47 tag"),
    "related twice": ("relations.toml", "[[relation]]\n", """[[relation]]
        id = "again"
        relation = "confirms"
        subject_kind = "event"
        subject = "mex-withholds-military-flight-landings"
        object_kind = "event"
        object = "mex-lets-flight-land"
        support = "stated"
        evidence = ["p5s2-874-914"]

        [[relation]]\n""", "relates the two already: keep one"),
    "a country corrected": ("relations.toml", 'object_kind = "event"\nobject = "mex-withholds',
        'object_kind = "country"\nobject = "mex-withholds', "is no word of a source to be wrong"),
    "two accounts of a source": ("bilateral-issues.toml", "[[issue.account]]\n",
        ('[[issue.account]]\nsummary = "x"\nsupport = "stated"\nevidence = ["p3s2-505-556"]\n\n'
         "[[issue.account]]\n"), 'give it a key of its own, such as key = "later"'),
}  # fmt: skip


@pytest.mark.once
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_with_its_cure(folder, case):
    name, before, after, told = REFUSED[case]
    change(folder, name, before, after)
    assert any(told in line for line in errors(folder)), errors(folder)
