"""The build of fixtures: reproducible, and every error names file, record and field."""

import json
import re
import shutil
import tomllib

import pytest
from django.core.management import CommandError, call_command

from policy.annotations.building import build
from policy.annotations.ledger import told
from policy.annotations.reading import Draft, Entry, InvalidAnnotationsError
from policy.country_codes import ALPHA3
from policy.models import Passage, Source, Statement
from policy.models.claims import CheckRule
from policy.search.words import fold
from tests.conftest import ROOT

pytestmark = pytest.mark.once


def copied(to):
    """Return a copy of the annotations in a folder, as of a first release."""
    ignored = shutil.ignore_patterns("*.json", "LICENSE", "manifests", "changes.toml")
    return shutil.copytree(ROOT / "fixtures", to / "fixtures", ignore=ignored)


@pytest.fixture
def folder(tmp_path):
    """A copy of the annotations for a test to change."""
    return copied(tmp_path)


def annotated(folder, name):
    """Return the annotation file of this name of the first source that has one."""
    return min(folder.glob(f"sources/*/{name}"))


def spoil(folder, name, pattern, replacement, count=1):
    path = annotated(folder, name)
    text = path.read_text()
    changed, times = re.subn(pattern, replacement, text, count=count, flags=re.MULTILINE)
    assert times, f"{pattern} is not in {name}"
    path.write_text(changed)


def errors(folder):
    with pytest.raises(InvalidAnnotationsError) as caught:
        build(folder)
    return caught.value.errors


def test_the_committed_fixtures_are_current():
    call_command("build_fixtures", check=True)


def test_the_same_annotations_give_the_same_bytes(folder):
    assert build(folder) == build(folder)


def test_check_fails_and_writes_nothing_when_a_fixture_is_stale(folder):
    call_command("build_fixtures", folder=folder, verbosity=0)
    spoil(folder, "trips.toml", r'^title = ".*"', 'title = "Another title"')
    before = (folder / "trips.json").read_bytes()
    with pytest.raises(CommandError, match=r"trips\.json"):
        call_command("build_fixtures", folder=folder, check=True)
    assert (folder / "trips.json").read_bytes() == before


def test_an_error_writes_nothing(folder):
    spoil(folder, "trips.toml", r"^title = ", "titel = ")
    with pytest.raises(CommandError, match="nothing was written"):
        call_command("build_fixtures", folder=folder)
    assert not list(folder.glob("*.json"))


CASES = {
    "unknown field": ("statements.toml", r"^topic = ", "topc = ",
        r"statements\.toml: statement \S+: topc: .*'topic'"),
    "bad vocabulary": ("bilateral-issues.toml", r'^topic = ".*"', 'topic = "migratoin"',
        r"bilateral-issues\.toml: issue \S+: topic: .*'migratoin'.*'migration'"),
    "dangling reference": ("statements.toml", r'^speaker = "(.+)"', r'speaker = "\1x"',
        r"statement \S+: speaker: .*'(\S+)x'.*'\1'"),
    "dangling passage": ("statements.toml", r'"(p\d+s\d+-\d+)-\d+"', r'"\1-99999"',
        r"statement \S+: evidence: .*\S+-p\d+s\d+-\d+-99999"),
    "long quote": ("passages.toml", r'^quote = ".*"', 'quote = "' + "word " * 12 + 'end"',
        r"passages\.toml: passage \S+: quote: has 13 words"),
    "no evidence": ("trips.toml", r"^evidence = \[[^\]]*\]", "",
        r"trips\.toml: \S+ \S+: evidence: a fact needs at least one passage"),
    "unaccounted sentence": ("sentences.toml", r"^uncited_reason = .*$", "",
        r"sentences\.toml: sentence \S+-p\d+s\d+: uncited_reason: "),
    "impossible span": ("passages.toml", r"^end = \d+", "end = 0",
        r"passages\.toml: passage \S+: .*end \(after it\)"),
    "span outside its sentence": ("passages.toml", r"^end = \d+", "end = 9999999",
        r"passages\.toml: passage \S+: start, end: must lie within"),
    "bad hash": ("passages.toml", r'^sha256 = "..', 'sha256 = "XY',
        r"passage \S+: sha256: Write a SHA-256"),
    "unknown country": ("countries.toml", r'^id = "..."', 'id = "QQQ"',
        r"countries\.toml: country QQQ: id: "),
    "reference data by hand": ("countries.toml", r'^id = "(..)(.)"', r'id = "\1\2"\nalpha2 = "\1"',
        r"country ...: alpha2: leave"),
    "empty text": ("trips.toml", r'^title = ".*"', 'title = ""',
        r"trip \S+: title: is an empty text"),
    "wrong type": ("trips.toml", r'^title = ".*"', "title = 5",
        r"trip \S+: title: must be a text, not 5"),
    "number for truth": ("trips.toml", r"^time_year_inferred = \w+", "time_year_inferred = 1",
        r"trip \S+: time_year_inferred: must be true or false"),
    "NUL": ("trips.toml", r'^title = ".*"', r'title = "a\\u0000b"', r"trip \S+: title: .*[Nn]ull"),
    "missing field": ("trips.toml", r'^status = ".*"', "",
        r"trip \S+: status: is missing; allowed are planned, "),
    "missing key": ("events.toml", r'^id = ".*"', "", r"events\.toml: event 1: id: is missing"),
    "bad slug": ("events.toml", r'^id = "', 'id = "Not a slug ',
        r"event Not a slug \S+: id: Write a slug"),
    "mode of another type": ("events.toml", r'^mode = ".*"', 'mode = "beat"',
        r"event \S+: This mode does not belong"),
    "broken time": ("trips.toml", r"^time_latest = .*$", "time_latest = 2024-01-01",
        r"trip \S+: Give the earliest day"),
    "one attribution": ("statements.toml", r'^speaker = "', 'narrator = true\nspeaker = "',
        r"statement \S+: Give exactly one of"),
    "unknown file table": ("gaps.toml", r"^\[\[gap\]\]", "[[gapp]]",
        r"gaps\.toml: gapp: is unknown"),
    "inferred without a note": ("bilateral-issues.toml",
        r'^support = "inferred"\nnote = .*', 'support = "inferred"',
        r"account \S+: note: what is inferred needs one"),
    "unsure without alternatives": ("events.toml",
        r'^confidence = "medium"\nalternatives = .*', 'confidence = "medium"',
        r"event \S+: alternatives: name the codes"),
    "a party twice": ("events.toml",
        r"^(\[\[event\.)actors(\]\]\n(?:.+\n)+)", r"\1actors\2\n\1recipients\2",
        r"event \S+: [A-Z]{3}: is actor and recipient"),
    "nobody": ("events.toml", r'^country = "...".*\n', "",
        r"events\.toml: event \S+: \w+ 1: country or organisation: is missing"),
    "a day of three": ("trips.toml", r'^time_precision = ".*"', 'time_precision = "day"',
        r"trip \S+: Precision day means one day"),
    "a relation to nothing": ("relations.toml", r'^object = "(.*)"', r'object = "\1x"',
        r"relation \S+: object: there is no statement '(\S+)x'.*'\1'"),
    "a relation to no part": ("relations.toml", r'^object = ".*"', r'\g<0>\nobject_part = "none"',
        r"relation \S+: object_part: \S+ has no part 'none'"),
    "a relation to itself": ("relations.toml", r'^subject = "(.*)"\n((?:.*\n)*?)object = .*',
        r'subject = "\1"\n\2object = "\1"', r"relation \S+: object: a record has no relation"),
    "only a gap is answered": ("relations.toml", r'^relation = ".*"', 'relation = "answers"',
        r"relation \S+: What is answered is a gap"),
    "a written verdict": ("checks.toml", r"^rule = ", 'verdict = "agrees"\nrule = ',
        r"checks\.toml: check \S+: verdict: leave it out; the build computes it"),
    "a written finding": ("checks.toml", r"^rule = ", 'finding = "It is so."\nrule = ',
        r"check \S+: finding: leave it out; the build computes it"),
    "unknown rule": ("checks.toml", r'^rule = "days_within"', 'rule = "day_within"',
        r"check \S+: rule: .*'day_within'.*'days_within'"),
    "a check of nothing": ("checks.toml", r'^claim = "(.*)"', r'claim = "\1x"',
        r"check \S+: claim: there is no trip '(\S+)x'; did you mean '\1'"),
    "a rule for another kind": ("checks.toml", r'^(rule = )"days_within"', r'\1"first_in_years"',
        r"check \S+: claim_kind: first_in_years tests the claim of a statement"),
    "a rule without what it asks": ("checks.toml", r"^years = \d+", "",
        r"check \S+: years: say which: first_in_years asks for it"),
    "a rule with what it does not ask": ("checks.toml", r'^rule = "days_within"',
        r"\g<0>\nyears = 5", r"check \S+: years: leave it out: days_within does not ask"),
    "unknown register": ("checks.toml", r'^register = ".*"', 'register = "us-travel"',
        r"check \S+: register: no rule is for 'us-travel'; did you mean 'us-travels'"),
    "a check without a journey": ("checks.toml", r"^trip = .*\n", "",
        r"check \S+: Give trip, the journey that the claim is about\.$"),
    "a check of a journey about another": ("checks.toml", r'^claim = "(.*)"',
        r'claim = "\1"\ntrip = "\1"', r"check \S+: Leave trip out: .* the journey itself\.$"),
    "a check without a rule": ("checks.toml", r"^rule = .*\n", "",
        rf"check \S+: rule: is missing; allowed are {', '.join(CheckRule.values)}$"),
    "a check with a list of no rule": ("checks.toml", r"^rule = .*", "rule = []",
        rf"check \S+: rule: is missing; allowed are {', '.join(CheckRule.values)}$"),
    "a country twice": ("checks.toml", r'"ARG"', '"ARG", "ARG"',
        r"check \S+: countries: 'ARG' stands there more than once: name it once\.$"),
    "a check without evidence": ("checks.toml", r"^evidence = .*", "",
        r"check \S+: evidence: cite the passage that makes the claim"),
    "a region with no country": ("checks.toml", r'"ARG"', '"ARX"',
        r"check \S+: countries: 'ARX' is no alpha-3 code"),
    "a journey without days": ("trips.toml",
        r"^time_text(?:.*\n)+?time_year_inferred = .*\n", "",
        r"check \S+: claim: the journey \S+ has no days to look for"),
    "broken TOML": ("gaps.toml", r"^\[\[gap\]\]", "[[gap", r"gaps\.toml: is not TOML"),
}  # fmt: skip


def test_all_that_is_wrong_with_checks_is_told_at_once(folder):
    spoil(folder, "checks.toml", r"^rule = ", 'verdict = "agrees"\nrule = ')
    spoil(folder, "checks.toml", r'^claim = "(.*)"', r'claim = "\1x"')
    spoil(folder, "checks.toml", r"^years = \d+", "")
    found = "\n".join(errors(folder))
    assert all(f": {name}: " in found for name in ("verdict", "claim", "years"))


@pytest.mark.parametrize("case", CASES)
def test_refusals_name_file_record_and_field(folder, case):
    name, pattern, replacement, expected = CASES[case]
    spoil(folder, name, pattern, replacement)
    found = errors(folder)
    assert any(re.search(expected, line) for line in found), found


def test_duplicate_keys_are_refused(folder):
    path = annotated(folder, "gaps.toml")
    text = path.read_text()
    path.write_text(text + "\n[[gap]]" + text.split("[[gap]]")[1])
    assert any("stands twice" in line for line in errors(folder))


def test_two_sides_and_an_actor_are_required(folder):
    spoil(
        folder, "bilateral-issues.toml", r"^\[\[issue\.account\.side\]\]", "[[issue.account.sides]]"
    )
    spoil(folder, "events.toml", r"^\[\[event\.actors\]\]", "[[event.actorz]]")
    found = errors(folder)
    assert any("side: needs one for each country of the issue" in line for line in found)
    assert any("at least one actor" in line for line in found)


def test_all_errors_come_at_once(folder):
    spoil(folder, "gaps.toml", r"^question = ", "qestion = ")
    spoil(folder, "trips.toml", r'^status = ".*"', 'status = "plannd"')
    spoil(folder, "statements.toml", r"^summary = ", "summry = ")
    found = "\n".join(errors(folder))
    for word in ("qestion", "plannd", "summry"):
        assert word in found


def test_every_country_has_its_names(folder):
    """Each country of ISO 3166-1 may be annotated, and is found by whatever people call it."""
    rows = tomllib.loads((folder / "reference.toml").read_text())["countries"]
    path = annotated(folder, "countries.toml")
    tables = tomllib.loads(path.read_text())["country"]
    evidence = f"evidence = {json.dumps(tables[0]['evidence'])}\n"
    more = rows.keys() - {table["id"] for table in tables}
    added = "".join(f'\n[[country]]\nid = "{key}"\n{evidence}' for key in sorted(more))
    path.write_text(path.read_text() + added)
    built = build(folder)
    found = {record["pk"]: record["fields"] for record in json.loads(built["countries.json"])}
    assert found.keys() == rows.keys()
    entries = (record["fields"] for record in json.loads(built["search_entries.json"]))
    words = {one["record"]: one["words"].split() for one in entries if one["kind"] == "country"}
    for key, fields in found.items():
        others = fields.get("other_names", [])
        assert {*others} >= {*rows[key].get("names", [])}
        for name in (fields["name"], *others):
            assert {*fold(name)} <= {*words[key]}
            assert not name.lower().endswith((" of", " the"))
            assert not name.lower().startswith("the ")
    asked = "TUR Turkey, CIV Ivory Coast, MMR Burma, SWZ Swaziland, NLD Holland, CZE Czech Republic"
    asked += ", MKD Macedonia, CPV Cape Verde, TLS East Timor, RUS Russia, KOR South Korea"
    asked += ", COD Democratic Republic of the Congo, SHN Saint Helena, GBR Great Britain"
    for key, _, name in (one.partition(" ") for one in asked.split(", ")):
        assert {*fold(name)} <= {*words[key]}, name
    assert found["VIR"]["name"] == "U.S. Virgin Islands"
    assert found["BES"]["name"] == "Bonaire, Sint Eustatius and Saba"


@pytest.mark.parametrize(
    ("name", "guess"),
    [("sources/*/statement.toml", "statements.toml"), ("renamd.toml", "renamed.toml")],
)
def test_an_unknown_file_is_refused(folder, name, guess):
    source = annotated(folder, "source.toml").parent.name
    (folder / name.replace("*", source)).write_text("")
    assert any(f"did you mean {guess!r}" in line for line in errors(folder))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("relations.toml", "[[relations]]\n", "relations: is unknown; did you mean 'relation'?"),
        ("relations.toml", "relation = 5", "relation 1: must be a table, not 5"),
        ("../../release.toml", "[releas]\n", "releas: is unknown; did you mean 'release'?"),
        ("../../reference.toml", "[region]\n", "region: is unknown; did you mean 'regions'?"),
        ("../../reference.toml", "[countries]\nPAN = {regoin = 1}", "did you mean 'region'?"),
        ("../../reference.toml", '[countries]\nPAN = {region = "9"}', "'9' is not in regions"),
        ("../../reference.toml", "[countries]\nPAN = {point = [1]}", "longitude and latitude"),
        ("../../reference.toml", "[countries]\nPAN = 5", "PAN: must be a table, not 5"),
        ("../../reference.toml", '[countries]\nPAN = {names = "P"}', "must be a list of texts"),
        ("source.toml", "", "source: id: must be the folder's name"),
        ("gaps.toml", "gap = [[1]]", "gap 1: must be a table, not [1]"),
        ("gaps.toml", '[[gap]]\nid = "a\\u001b"', "gap a\\x1b: id: Write a slug"),
    ],
)
def test_what_no_file_of_annotations_holds_is_told(folder, name, text, told):
    path = annotated(folder, "source.toml").parent / name
    path.write_text(text)
    found = errors(folder)
    assert any(told in line and path.name in line for line in found), found[:5]
    assert all(line.isprintable() for line in found)


@pytest.mark.parametrize("target", ["nothing", "loop", "."])
@pytest.mark.parametrize("name", ["gaps.toml", "relations.toml", "../../renamed.toml", "../more",
                                  "../../gaps.json"])  # fmt: skip
def test_a_broken_link_is_told(folder, name, target):
    path = annotated(folder, "source.toml").parent / name
    path.unlink(missing_ok=True)
    path.symlink_to(path.name if target == "loop" else target)
    with pytest.raises(CommandError) as told:
        call_command("build_fixtures", folder=folder)
    assert told.value.returncode == 2


def ledger(folder, capsys, **options):
    """Return what the ledger says of annotations with errors, as the lines of each account."""
    with pytest.raises(CommandError, match="errors in the annotations"):
        call_command("build_fixtures", folder=folder, **options)
    found = {}
    for line in capsys.readouterr().err.splitlines():
        name, _, text = line.partition(": ")
        if line.startswith("  "):
            found[list(found)[-1]].append(line)
        else:
            found[name] = [text]
    return found


def test_the_ledger_counts_what_is_left_to_do(folder, capsys):
    """Where no fact is annotated, nothing is cited, used or proved."""
    first, *others = sorted((folder / "sources").glob("*/"))
    for other in others:
        shutil.rmtree(other)
    for path in first.glob("*.toml"):
        if path.name not in ("source.toml", "sentences.toml", "passages.toml", "trips.toml"):
            path.unlink()
    sentences = annotated(folder, "sentences.toml").read_text().count("[[sentence]]")
    passages = annotated(folder, "passages.toml").read_text().count("[[passage]]")
    spoil(folder, "trips.toml", r"^evidence = \[[^\]]*\]", "", count=0)
    spoil(folder, "sentences.toml", r"^uncited_reason = .*\n", "", count=0)
    spoil(folder, "sentences.toml", r"^\[\[sentence\]\]", '[[sentence]]\nuncited_reason = "None."')
    short = ledger(folder, capsys)
    assert short["uncited"][0] == (
        f"{sentences - 1} of {sentences} sentences have neither a fact nor a reason; 1 have a "
        "reason"
    )
    assert short["uncited"][-1] == f"  and {sentences - 6} more, which --ledger lists"
    assert short["unused"][0] == f"{passages} of {passages} passages are cited by no fact"
    facts = annotated(folder, "trips.toml").read_text().count("[[")
    assert short["unproved"][0] == f"{facts} of {facts} facts cite nothing"
    assert len(short["unused"]) == 7
    whole = ledger(folder, capsys, ledger=True)
    assert len(whole["uncited"]) == sentences
    assert len(whole["unused"]) == passages + 1
    keys = [re.search(r"p(\d+)s(\d+):", line).groups() for line in whole["uncited"][1:]]
    assert keys == sorted(keys, key=lambda key: (int(key[0]), int(key[1])))


def test_the_ledger_tells_how_much_is_quoted():
    """A quote within another one of its sentence counts once, words that were said do not."""
    draft = Draft()
    quotes = [("a", "met in Ur"), ("a", "in Ur"), ("b", "left"), ("b", "We stay")]
    for number, (sentence, quote) in enumerate(quotes):
        fields = {"source": "s", "sentence": sentence, "quote": quote}
        draft.entries[Passage, str(number)] = Entry(Passage, str(number), fields, "")
    said = {"evidence": ["2", "3"], "quotation": "We stay."}
    for model, key, fields in (Source, "s", {"code_points": 26}), (Statement, "x", said):
        draft.entries[model, key] = Entry(model, key, fields, "")
    assert list(told(draft, whole=False))[-1] == (
        "  s: quotes of 4 words, 50% of its letters; 3 words of a"
    )


def test_former_states_and_kosovo_are_reference_data(folder):
    path = annotated(folder, "countries.toml")
    evidence = re.search(r"^evidence = .*$", path.read_text(), re.MULTILINE)[0]
    added = "".join(f'\n[[country]]\nid = "{key}"\n{evidence}\n' for key in ("SUN", "XKX"))
    path.write_text(path.read_text() + added)
    found = {one["pk"]: one["fields"] for one in json.loads(build(folder)["countries.json"])}
    assert "alpha2" not in found["SUN"]
    assert (found["SUN"]["existed_from"], found["SUN"]["existed_until"]) == (1922, 1991)
    assert {"RUS", "UKR", "EST"} <= set(found["SUN"]["successors"])
    kosovo = {
        name: found["XKX"].get(name) for name in ("alpha2", "numeric", "cow", "existed_until")
    }
    assert kosovo == {"alpha2": "XK", "numeric": None, "cow": 347, "existed_until": None}


def test_every_state_of_the_reference_data_has_a_known_code(folder):
    rows = tomllib.loads((folder / "reference.toml").read_text())["countries"]
    assert rows.keys() <= set(ALPHA3.values())
    for key, row in rows.items():
        assert set(row.get("successors", ())) <= rows.keys() - {key}
        assert ("from" in row) == ("until" in row) == ("successors" in row), key
