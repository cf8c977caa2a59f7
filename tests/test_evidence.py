"""Evidence: locators, hashes and quotes are checked against a text, which can be attached."""

import re

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from policy.evidence import TextError, attach, mismatches, overquoted, quoted, sha256
from policy.management.commands import attach_text
from policy.models import Passage, PassageText
from tests.samples import records, sample

pytestmark = pytest.mark.once

TEXT = "Größe zählt. Alma met Bo in Ur. Bo left."
SOURCE = {
    "model": "policy.source",
    "pk": "s",
    "fields": {"code_points": 40, "sha256": sha256(TEXT)},
}


def span(kind, key, start, end, **more):
    fields = {"start": start, "end": end, "sha256": sha256(TEXT[start:end]), **more}
    return {"model": f"policy.{kind}", "pk": key, "fields": fields}


SENTENCES = [
    span("sentence", "s-p1s1", 0, 12),
    span("sentence", "s-p1s2", 13, 31),
    span("sentence", "s-p1s3", 32, 40),
]
PASSAGES = [
    span("passage", "s-p1s2-13-21", 13, 21, quote="met"),
    span("passage", "s-p1s3-32-39", 32, 39, quote="Bo left"),
]


def test_the_right_text_has_no_mismatch():
    assert not list(mismatches(SOURCE, [*SENTENCES, *PASSAGES], TEXT))


def test_one_changed_letter_names_just_the_passages_that_hold_it():
    lines = list(mismatches(SOURCE, [*SENTENCES, *PASSAGES], TEXT.replace("left", "lift")))
    assert [line.split(":")[0] for line in lines] == [
        "s", "sentence s-p1s3", "passage s-p1s3-32-39", "passage s-p1s3-32-39",
    ]  # fmt: skip
    assert lines[1].endswith(f"from 32 to 40 differs; its SHA-256 is {sha256('Bo lift.')}")


def test_a_shorter_text_is_told():
    lines = list(mismatches(SOURCE, PASSAGES, TEXT[:35]))
    assert "s: has 35 code points, not 40" in lines
    assert any("lies beyond the end" in line for line in lines)


def test_a_wrong_quote_is_told():
    wrong = [span("passage", "s-p1s2-13-21", 13, 21, quote="saw")]
    assert list(mismatches(SOURCE, wrong, TEXT)) == [
        "passage s-p1s2-13-21: its quote does not stand in the span"
    ]


def test_quotes_may_hold_a_third_of_the_words_and_some_of_a_sentence():
    """Each word counts once, and what somebody said does not count."""
    words = [f"w{number}" for number in range(60)]
    text = " ".join(words)
    whole = {"start": 0, "end": len(text)}
    sentence = {"pk": "s", "fields": whole}

    def told(*ranges, said="nothing"):
        quotes = [" ".join(words[slice(*one)]) for one in ranges]
        spans = [{"pk": quote, "fields": {**whole, "quote": quote}} for quote in quotes]
        statement = {"pk": "a", "fields": {"quotation": said, "evidence": quotes}}
        return [
            line.split(":")[0] for line in overquoted(quoted([statement], spans, text), [sentence])
        ]

    assert told((0, 10), (5, 18)) == []
    assert told((0, 10), (5, 19)) == ["sentence s"]
    assert told((0, 21)) == [
        "the quotes hold 21 of 60 words; 20 may stand there", "sentence s",
    ]  # fmt: skip
    assert told((0, 21), said="w3 w4 w5") == []


def test_the_article_fits(article, capsys):
    call_command("check_evidence", article.source, article.path)
    numbers = [
        sum(record["source"] == article.source for record in records(name))
        for name in ("sentences", "passages")
    ]
    assert "{} sentences and {} passages fit".format(*numbers) in capsys.readouterr().out


def test_the_article_with_one_letter_changed_does_not(article, tmp_path, capsys):
    changed, text = tmp_path / "changed.txt", article.path.read_text()
    passages = [record for record in records("passages") if record["source"] == article.source]
    at = passages[0]["start"]
    changed.write_text(f"{text[:at]}#{text[at + 1 :]}")
    with pytest.raises(CommandError, match="not the text"):
        call_command("check_evidence", article.source, changed)
    named = set(re.findall(r"passage (\S+):", capsys.readouterr().err))
    assert named == {r["id"] for r in passages if r["start"] <= at < r["end"]}


@pytest.fixture
def begun(tmp_path):
    """A folder of annotations in which a source has been begun, and a text."""
    folder, text = tmp_path / "sources" / "begun", tmp_path / "text.txt"
    folder.mkdir(parents=True)
    text.write_text(TEXT)
    (folder / "source.toml").write_text(
        f'[source]\nid = "begun"\nlanguage = "en"\ncode_points = {len(TEXT)}\n'
        f'sha256 = "{sha256(TEXT)}"\n'
    )
    return tmp_path


@pytest.mark.parametrize("command", [["check_evidence"], ["locate", "Alma"]])
def test_a_source_without_sentences_is_no_success(begun, command):
    name, *phrase = command
    with pytest.raises(CommandError, match=r"no sentences yet: .*sentences\.toml") as told:
        call_command(name, "begun", begun / "text.txt", *phrase, folder=begun)
    assert told.value.returncode == 2


@pytest.mark.parametrize("target", ["nothing", "loop", "."])
@pytest.mark.parametrize(
    "name", ["text.txt", "sources/begun/gaps.toml", "sources/begun/source.toml"]
)
def test_a_broken_link_is_told(begun, name, target):
    (begun / "sources" / "begun" / "sentences.toml").write_text(
        f"[[sentence]]\nparagraph = 1\nnumber = 1\nstart = 0\nend = {len(TEXT)}\n"
        f'sha256 = "{sha256(TEXT)}"\n'
    )
    call_command("check_evidence", "begun", begun / "text.txt", folder=begun)
    path = begun / name
    path.unlink(missing_ok=True)
    path.symlink_to(path.name if target == "loop" else target)
    with pytest.raises(CommandError, match=path.name) as told:
        call_command("check_evidence", "begun", begun / "text.txt", folder=begun)
    assert told.value.returncode == 2


def test_what_cannot_be_printed_is_escaped(begun):
    for path in (begun / "a\x1b[2J.txt", begun / "sources" / "begun" / "a\x1b[2J.toml"):
        path.write_text("")
    for text in ("a\x1b[2J.txt", "b\x1b\udcff.txt"):
        with pytest.raises(CommandError) as told:
            call_command("check_evidence", "begun", begun / text, folder=begun)
        assert "\\x1b" in str(told.value)
        assert all(line.isprintable() for line in str(told.value).splitlines())


def test_without_a_database_nothing_is_attached(begun, monkeypatch):
    def away(*_):
        raise OperationalError("no such table: policy_passage")

    monkeypatch.setattr(attach_text, "attach", away)
    with pytest.raises(CommandError, match=r"run manage\.py migrate: no such table") as told:
        call_command("attach_text", "begun", begun / "text.txt", skip_checks=True)
    assert told.value.returncode == 4


def test_a_source_without_a_folder_is_told(tmp_path):
    with pytest.raises(CommandError, match="is missing"):
        call_command("check_evidence", "nowhere", tmp_path)


def test_attached_text_is_served(article, read):
    first, *_ = (record for record in records("passages") if record["source"] == article.source)
    assert read(f"passages/{first['id']}")["text"] is None
    call_command("attach_text", article.source, article.path, verbosity=0)
    assert read(f"passages/{first['id']}")["text"] == article.text(first)
    events = read(f"events?source={article.source}")["results"]
    for passage in (one for event in events for one in event["evidence"]):
        assert bool(passage["text"]) == (passage["source"] == article.source)


def test_a_wrong_text_attaches_nothing(db):
    with pytest.raises(TextError, match="nothing was stored"):
        attach(sample("sources"), "Another text.")
    assert not PassageText.objects.exists()
    with pytest.raises(TextError, match=f"loaded are: .*{sample('sources')}"):
        attach("nowhere", "Another text.")


def test_text_of_another_version_is_not_shown(db):
    passage = Passage.objects.first()
    PassageText.objects.create(passage=passage, text="Another", sha256=sha256("Another"))
    assert passage.text is None
