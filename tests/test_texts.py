"""From a text to its annotations: sentences, proposals, and passages of located phrases."""

import io
import random
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from policy.annotations.locating import Locator, Phrase, locate_all, read_phrases, short, toml_text
from policy.annotations.proposals import Names, draft, known_names
from policy.annotations.reading import Entry, InvalidAnnotationsError
from policy.annotations.sentences import detected_language, split
from policy.evidence import TextError, sha256
from policy.models import Country, Official
from tests.conftest import ROOT
from tests.samples import find, records, sample

pytestmark = pytest.mark.once


def sentences(text, language="en"):
    return [text[span.start : span.end] for span in split(text, language)]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["The U.S. Treasury spoke.", "J. R. R. Brown met Gov. A. B. Smith on Jan. 3.",
                "Mr. Lee of the U.N. left."]),
        ("en", ["John\u00a0F.\u00a0Brown left.", "It cost $3.5 million.", "See No. 5."]),
        ("en", ["“We do not accept it.”", "The minister left.", '"It ends today."', "She sat."]),
        ("en", ["“No.” she said.", "He said: “We agree. We sign.”", "Nobody asked."]),
        ("en", ["Really?!", "Yes!", "\U0001F600 Fine."]),
        ("es", ["¿Qué dijo el Sr. Pérez?", "¡Nada!", "EE. UU. y la Dra. Gil callan."]),
        ("es", ["«No lo aceptamos.»", "El ministro dijo: «Se acabó».", "A las 5 p. m. del día 7."]),
        ("xx", ["One.", "Two."]),
    ],
)  # fmt: skip
def test_sentences_end_where_they_should(language, expected):
    assert sentences(" ".join(expected), language) == expected


BOM, ASTRAL = "\ufeff", "\U0001f600"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{BOM}Ann ran. Bo sat.\nCy hid.", ["p1s1 1-9", "p1s2 10-17", "p2s1 18-25"]),
        ("Ann ran.\r\nBo sat.\r\n", ["p1s1 0-8", "p2s1 10-17"]),
        ("Ann\r\nran. Bo sat.\r\n \r\n\r\nCy.\r\n", ["p1s1 0-9", "p1s2 10-17", "p2s1 24-27"]),
        (f"{ASTRAL} Ann ran. {ASTRAL} Bo sat.", ["p1s1 0-10", "p1s2 11-20"]),
        ("Ann ran.\n***\nBo sat.", ["p1s1 0-8", "p2s1 13-20"]),
        ("Ann ran. ”\n", ["p1s1 0-10"]),
        (f"{BOM} \n", []),
    ],
)
def test_offsets_count_code_points_of_the_file(text, expected):
    found = split(text, "en")
    assert [f"{span.key} {span.start}-{span.end}" for span in found] == expected


PIECES = ["a", "Ann", "Mr.", "U.S.", "J.", ".", "?", " ", "\u00a0", "\n", "\r\n", "\n\n", '"', "'",
          *"“”«»()¿é5…—", ASTRAL, BOM, "e\u0301", "\u2028"]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "es", "ru", "xx"])
def test_any_text_is_split_into_sentences_that_hold_all_its_words(language):
    drawn = random.Random(language)
    for _ in range(300):
        text = "".join(drawn.choices(PIECES, k=drawn.randint(0, 60)))
        reached, held = 0, ""
        for span in split(text, language):
            exact = text[span.start : span.end]
            assert reached <= span.start < span.end
            assert exact == exact.strip().strip(BOM)
            reached, held = span.end, held + exact
        assert [*filter(str.isalnum, held)] == [*filter(str.isalnum, text)], text


def test_the_language_is_detected():
    assert detected_language("The ministers of both countries met on Monday.") == "en"
    assert detected_language("Los ministros de ambos países se reunieron el lunes.") == "es"
    with pytest.raises(TextError, match=r"uncertain, .*: give it with --language"):
        detected_language("Ok.")


@pytest.fixture
def text(tmp_path):
    """A text with all that makes offsets hard, as a file."""
    path = tmp_path / "text.txt"
    path.write_bytes(
        f"{BOM}Alma Ruiz met {ASTRAL} U.S. officials in\r\nPanama. She said: “Two left. We stay.” "
        "Two left.\r\n\r\nOn 3 February 2025 over 4,000 left Panama.\r\n"
        "What they did there is not said by anybody, nor is it known how they came.\r\n".encode()
    )
    return path


@pytest.fixture
def folder(text, tmp_path):
    """A folder of annotations in which that text is a source."""
    (tmp_path / "reference.toml").write_bytes((ROOT / "fixtures/reference.toml").read_bytes())
    call_command("new_source", "begun", text, folder=tmp_path, language="en", verbosity=0)
    return tmp_path


def test_a_new_source_fits_its_text(folder, text, capsys):
    call_command("check_evidence", "begun", text, folder=folder)
    assert "5 sentences and 0 passages fit" in capsys.readouterr().out


def test_the_article_has_the_sentences_that_were_numbered_by_hand(article, tmp_path):
    call_command("new_source", article.source, article.path, folder=tmp_path, verbosity=0)
    path = tmp_path / "sources" / article.source / "sentences.toml"
    found = tomllib.loads(path.read_text())["sentence"]
    numbered = [one for one in records("sentences") if one["source"] == article.source]
    for one, other in zip(found, sorted(numbered, key=lambda one: one["start"]), strict=True):
        assert one == {name: other[name] for name in one}


def test_nothing_is_overwritten(folder, text):
    before = {path: path.read_bytes() for path in folder.rglob("*.toml")}
    with pytest.raises(CommandError, match="begun: is there already: take another key"):
        call_command("new_source", "begun", text, folder=folder, language="es")
    assert before == {path: path.read_bytes() for path in folder.rglob("*.toml")}


@pytest.mark.parametrize(
    ("source", "content", "language", "told"),
    [
        ("new", b"\xff\xfeA", None, "is not UTF-8 at byte 0: save it as UTF-8"),
        ("new", b"A\0 \0b\0", "en", "has NUL at 1: save it as UTF-8, not UTF-16"),
        ("new", b" \r\n", "en", "no words: check that it is the right file"),
        ("New Source", b"A b.", "en", "Write a slug"),
        ("../new", b"A b.", "../", "BCP 47"),
        ("new", b"A b.", 'en"', "BCP 47 tag such as"),
    ],
)
def test_what_cannot_be_a_source_is_refused(tmp_path, source, content, language, told):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=told):
        call_command("new_source", source, path, folder=tmp_path, language=language)
    assert not (tmp_path / "sources").exists()


def test_a_missing_library_is_told(tmp_path, text, monkeypatch):
    monkeypatch.setitem(sys.modules, "sentencex", None)
    with pytest.raises(CommandError, match=r"sentencex is not installed.*requirements-dev\.lock"):
        call_command("new_source", "new", text, folder=tmp_path, language="en")


def locator(text, *spans):
    found = [
        {"pk": f"s-p1s{number}", "fields": {"start": start, "end": end}}
        for number, (start, end) in enumerate(spans, 1)
    ]
    return Locator("s", found, text)


TEXT = "Größe zählt. Alma met Bo in Ur. Bo left. Then “he”\r\nsat. oe"
FOUND = locator(TEXT, (0, 12), (13, 31), (32, 40), (41, 56))


def test_a_phrase_becomes_a_passage():
    passage = FOUND.locate(Phrase("Alma met"))
    assert passage.key == "p1s2-13-21"
    assert tomllib.loads(passage.toml)["passage"] == [
        {"sentence": "p1s2", "start": 13, "end": 21, "quote": "Alma met",
         "sha256": sha256("Alma met")}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("phrase", "key"),
    [
        (Phrase("Bo", nth=2), "p1s3-32-34"),
        (Phrase("Bo", "p1s2"), "p1s2-22-24"),
        (Phrase("Bo", "p1s3", 1), "p1s3-32-34"),
        (Phrase("“he” sat"), "p1s4-46-55"),
    ],
)
def test_sentence_and_number_choose_among_occurrences(phrase, key):
    assert FOUND.locate(phrase).key == key


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        (Phrase("Bo"), r"2 times, at 22 \(p1s2\), 32 \(p1s3\): give more words, --sentence or --n"),
        (Phrase("Bo", nth=3), "stands 2 times: --nth is from 1 to that"),
        (Phrase("Bo", nth=0), "stands 2 times: --nth is from 1 to that"),
        (Phrase("Bo", "p1s9"), "'p1s9' is no sentence of the source; did you mean 'p1s"),
        (Phrase("Bo", "p1s1"), "does not stand in p1s1; case"),
        (Phrase("alma  MET"), r"does not stand.*; the nearest is 'Alma met' at 13 \(p1s2\)"),
        (Phrase('Then "he"'), r"the nearest is 'Then “he”' at 41 \(p1s4\)"),
        (Phrase("Cy"), "does not stand in the text; case and punctuation count$"),
        (Phrase("C\x1by"), r"'C\\x1by' does not stand"),
        (Phrase("Ur. Bo"), "not within one sentence"),
        (Phrase("oe"), "at 57, where no sentence is"),
        (Phrase(" "), "empty"),
    ],
)
def test_it_is_told_why_there_is_no_passage(phrase, message):
    with pytest.raises(TextError, match=message):
        FOUND.locate(phrase)


def test_some_of_many_places_are_told():
    with pytest.raises(TextError) as told:
        locator("ab " * 500, (0, 1500)).locate(Phrase("ab"))
    assert "stands 500 times, at 0 (p1s1), 3 (p1s1), " in str(told.value)
    assert "27 (p1s1) and 490 more places: give more words" in str(told.value)


def test_all_wrong_phrases_are_told_at_once():
    with pytest.raises(InvalidAnnotationsError) as told:
        locate_all(FOUND, [Phrase("Cy"), Phrase("Alma"), Phrase("Bo")])
    assert [error.split()[0] for error in told.value.errors] == ["'Cy'", "'Bo'"]


def test_quotes_are_short():
    assert short(" ".join("abcdefghijkl")) == "a b c d e f g h i j k l"
    assert short(" ".join("abcdefghijklm")) == "a b c d e f"
    assert short("one\r\ntwo three") == "two three"
    assert len(short("x" * 300)) == 200


@pytest.mark.parametrize("text", ['a "b" \\ c', "é\u00a0\u2028\x7f\x1b", "\U0001f600\n\U000e0001"])
def test_any_text_is_a_string_of_toml(text):
    written = toml_text(text)
    assert tomllib.loads(f"a = {written}") == {"a": text}
    assert written.isprintable()


def passages(folder):
    return tomllib.loads((folder / "sources/begun/passages.toml").read_text())["passage"]


def test_many_phrases_are_added_to_what_is_there(folder, text, tmp_path, monkeypatch, capsys):
    path = folder / "sources/begun/passages.toml"
    call_command("locate", "begun", text, "Alma Ruiz", "officials in Panama", folder=folder,
                 write=True)  # fmt: skip
    before = path.read_text()
    path.write_text(f"# A remark.\n{before}")
    phrases = tmp_path / "phrases.txt"
    phrases.write_text("# no phrase\n\nover 4,000\n  3 February 2025\n")
    call_command("locate", "begun", text, "Alma Ruiz", folder=folder, file=phrases, write=True)
    assert path.read_text().startswith(f"# A remark.\n{before}\n[[passage]]")
    told = capsys.readouterr().out
    assert "p1s1-1-10 is there already" in told
    assert "2 passages added; all quotes hold " in told
    monkeypatch.setattr(sys, "stdin", io.StringIO("Two\n"))
    call_command("locate", "begun", text, folder=folder, file=Path("-"), nth=2, write=True)
    assert [one["quote"] for one in passages(folder)] == [
        "Alma Ruiz", "officials in", "over 4,000", "3 February 2025", "Two",
    ]  # fmt: skip
    call_command("check_evidence", "begun", text, folder=folder)


def test_an_error_writes_no_passage(folder, text):
    with pytest.raises(CommandError, match="'Cy' does not"):
        call_command("locate", "begun", text, "Alma Ruiz", "Cy", folder=folder, write=True)
    with pytest.raises(CommandError, match="no phrase to look for: give some, or --file"):
        call_command("locate", "begun", text, folder=folder)
    assert not (folder / "sources/begun/passages.toml").exists()


@pytest.mark.parametrize("command", [["draft"], ["locate", "Alma"]])
def test_another_text_is_refused(folder, text, command):
    text.write_text("Alma left.")
    with pytest.raises(CommandError, match="is not the text of begun: its SHA-256 differs"):
        call_command(command[0], "begun", text, *command[1:], folder=folder)


def test_options_may_stand_before_the_phrases(folder, text):
    command = [sys.executable, "manage.py", "locate", "begun", text, "--folder", folder,
               "--sentence", "p1s1", "U.S.", "--write", "Alma"]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert [one["quote"] for one in passages(folder)] == ["U.S.", "Alma"]


def test_what_a_draft_proposes_can_be_located(folder, text, tmp_path, capsys):
    path = tmp_path / "begun.draft.toml"
    call_command("draft", "begun", text, folder=folder, output=path)
    lines = path.read_text().splitlines()
    assert [line for line in lines if line[0] == " "] == [
        '  # "Panama",  # country PAN',
        '  # "Two left. We stay.",  # quotation',
        '  # "3 February 2025",  # date',
        '  # "4,000",  # number',
        '  # "Panama",  # country PAN',
    ]
    assert not any(read_phrases(path.read_text()))
    path.write_text("\n".join(line.removeprefix("  # ") for line in lines))
    call_command("locate", "begun", text, folder=folder, file=path, write=True)
    assert len(passages(folder)) == 5
    call_command("check_evidence", "begun", text, folder=folder)


def test_a_draft_is_written_where_git_ignores_it(folder, text, tmp_path):
    name = tmp_path / "sources" / "draft.toml"
    with pytest.raises(CommandError, match=r"git must ignore: end its name in \.draft\.toml"):
        call_command("draft", "begun", text, folder=folder, output=name)
    path = tmp_path / "a.draft.toml"
    path.write_text("")
    with pytest.raises(CommandError, match="cannot be written: File exists"):
        call_command("draft", "begun", text, folder=folder, output=path)
    ignored = ["git", "check-ignore", "a.draft.toml", "fixtures/sources/b/b.draft.toml"]
    done = subprocess.run(ignored, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ignored[2:]


def test_names_are_found_as_searches_find_them():
    names = Names([
        Entry(Country, "USA", {"name": "United States of America", "aliases": ["US", "U.S."]}, ""),
        Entry(Country, "GEO", {"name": "Georgia"}, ""),
        Entry(Official, "georgia-r", {"name": "Georgia R", "aliases": ["Georgia"]}, ""),
        Entry(Official, "somebody", {"label": "Somebody", "aliases": ["an official"]}, ""),
        Entry(Official, "jose", {"name": "José Raúl Mulino"}, ""),
    ])  # fmt: skip

    def found(text):
        return [(text[one.start : one.end], one.what) for one in names.within(text, 0, len(text))]

    assert found("Let us ask the U.S., not us, and the US.") == [
        ("U.S.", "country USA"), ("US", "country USA"),
    ]  # fmt: skip
    assert found("JOSE RAUL MULINO’s; Jose\u0301 Rau\u0301l Mulino") == [
        ("JOSE RAUL MULINO", "official jose"), ("Jose\u0301 Rau\u0301l Mulino", "official jose"),
    ]  # fmt: skip
    assert found("Georgia R; Georgia; an official") == [
        ("Georgia R", "official georgia-r"), ("Georgia", "country GEO or official georgia-r"),
    ]  # fmt: skip


def test_the_names_of_the_dataset_are_known():
    names = known_names(ROOT / "fixtures")
    official = find(records("officials"), lambda one: one.get("name"), "a named official")
    for name, what in (
        (official["name"], f"official {official['id']}"),
        (sample("countries", "aliases"), "country "),
        ("Norway", "country NOR"),
    ):
        assert any(what in one.what for one in names.within(name, 0, len(name)))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("3 February 2025", "date"), ("February 3, 2025", "date"), ("2025-02-03", "date"),
        ("3 de febrero de 2025", "date"), ("May 5th", "date"), ("1999", "date"),
        ("2,900", "number"), ("3.5 million", "number"), ("12 %", "number"),
        ("20 por ciento", "number"), ("7", "number"), ("“so be it”", "quotation"),
        ("«así sea»", "quotation"), ('"so be it"', "quotation"),
    ],
)  # fmt: skip
def test_numbers_dates_and_quotations_are_proposed(text, what):
    whole = f"it may be {text}, they say"
    sentence = {"pk": "s-p1s1", "fields": {"paragraph": 1, "start": 0, "end": len(whole)}}
    _, line, _ = draft("s", [sentence], whole, Names([]))
    words = text.strip('“”«»"')
    assert line == f"  # {toml_text(words)},  # {what}"


@pytest.mark.parametrize(
    ("text", "told"),
    [("p1s1 = [", "not TOML"), ("p1s1 = [5]", "p1s1: 5 is no phrase; write p1s1 = "),
     ('p1s1 = [{phrase = "a", nht = 2}]', "is no phrase"), ("a = 5", "a: 5 is no phrase")],
)  # fmt: skip
def test_a_file_of_phrases_of_another_form_is_refused(text, told):
    with pytest.raises(TextError, match=told):
        list(read_phrases(text))
