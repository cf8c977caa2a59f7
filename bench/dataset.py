"""A made release of any size, skewed like real data: the same seed gives the same bytes."""

import hashlib
import itertools
import json
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

import pycountry
from django.db import models

from policy.annotations.codes import codes
from policy.annotations.concerns import concerns_of
from policy.annotations.reading import Draft, Entry
from policy.annotations.search_entries import search_entries
from policy.models import (
    Account,
    BilateralIssue,
    Country,
    IssueSide,
    Official,
    Passage,
    Position,
    Release,
    SearchEntry,
    Sentence,
    Source,
    Statement,
)
from policy.models.actors import Role
from policy.models.base import Precision, Support
from policy.models.issues import IssueStatus
from policy.models.registry import RecordKind
from policy.models.releases import SCHEMA_VERSION
from policy.plover import Context
from policy.release.contents import UNCOUNTED, canonical, file_name

KOSOVO = ("XKX", "XK", None, "Kosovo")
"""A user-assigned code that makes the 249 countries of ISO 3166-1 two hundred and fifty."""
SENTENCES = 250
"""Sentences in a source; each has two passages."""
VOCABULARY = 8000
FIRST_DAY = date(1990, 1, 1)
DAYS = 13_000
MEDIA = ("press briefing", "radio interview", "op-ed", "joint communique", "speech in parliament")
VERBS = ("welcomes", "rejects", "calls for", "warns of", "denies", "regrets", "offers", "recalls")


class Skew:
    """Draws from a list as real data does: the item of rank r is as likely as 1 / r."""

    def __init__(self, items: Iterable[Any], power: float = 1.0) -> None:
        """Take the items, the most likely first, and the power of the rank."""
        self.items = list(items)
        ranks = range(1, len(self.items) + 1)
        self.sums = list(itertools.accumulate(rank**-power for rank in ranks))

    def draw(self, chance: random.Random, number: int = 1) -> list[Any]:
        """Return so many items; one may come twice."""
        return chance.choices(self.items, cum_weights=self.sums, k=number)


def words(chance: random.Random) -> list[str]:
    """Return the made words that texts consist of, each once."""
    onsets = [*"bcdfghjklmnprstvwz", "br", "cr", "st", "tr", "pl"]
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        syllables = chance.choice((1, 2, 2, 3, 3))
        word = "".join(chance.choice(onsets) + chance.choice("aeiou") for _ in range(syllables))
        found[word + chance.choice(("", "n", "r", "s", "l"))] = None
    return list(found)


class Writer:
    """Writes records to the file of their kind, one line each in canonical form, and counts."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        """Take the folder, and what closes the files."""
        self.folder, self.stack = folder, stack
        self.files: dict[str, IO[bytes]] = {}
        self.counts: dict[str, int] = {}

    def write(self, entry: Entry, part: str = "") -> None:
        """Write one record; a part keeps the records of a kind that are sorted apart."""
        name = file_name(entry.model)
        key = name + part
        if key not in self.files:
            self.files[key] = self.stack.enter_context((self.folder / f"{key}.ndjson").open("wb"))
        self.files[key].write(canonical(entry.record) + b"\n")
        self.counts[name] = self.counts.get(name, 0) + 1

    def write_found(self, *entries: Entry) -> None:
        """Write records that belong together, and what search finds the first one by."""
        draft = Draft({(entry.model, entry.key): entry for entry in entries})
        for entry in entries:
            self.write(entry)
        for found in search_entries(draft):
            self.write(found, f"-{found.fields['kind']}")


def entry(model: type[models.Model], key: str, **fields: Any) -> Entry:
    """Return a record without the fields that say nothing."""
    said = {name: value for name, value in fields.items() if value not in (None, [])}
    return Entry(model, key, said, key)


class World:
    """What records draw from: countries, officials, issues, words, in the order of likelihood."""

    def __init__(self, seed: int, statements: int) -> None:
        """Take the seed and the number of statements; the other numbers follow."""
        self.seed, self.statements = seed, statements
        self.officials = min(5000, max(20, statements // 200))
        self.issues = min(20_000, max(20, statements // 50))
        self.sources = min(200, max(1, statements // 5000))
        chance = self.chance("world")
        self.vocabulary = Skew(words(chance))
        self.names = {code: name for code, _, _, name in countries()}
        ranked = sorted(self.names)
        chance.shuffle(ranked)
        leading = ["USA", "CHN", "RUS", "GBR", "FRA"]
        self.country = Skew([*leading, *(code for code in ranked if code not in leading)])
        self.topic = Skew(chance.sample([topic.value for topic in Context], len(Context)))
        self.speaker = Skew(chance.sample(range(self.officials), self.officials), 1.1)
        self.issue = Skew(chance.sample(range(self.issues), self.issues), 0.8)
        self.serves: dict[str, str] = {}
        self.passages: list[str] = []

    def chance(self, purpose: str) -> random.Random:
        """Return the random numbers for one purpose, so that one kind does not shift another."""
        return random.Random(f"{self.seed} {purpose}")  # noqa: S311

    def text(self, chance: random.Random, least: int, most: int) -> str:
        """Return a sentence of made words."""
        drawn = self.vocabulary.draw(chance, chance.randint(least, most))
        return f"{' '.join(drawn).capitalize()}."

    def evidence(self, chance: random.Random, at: int) -> list[str]:
        """Return one to three passages of one source; every passage is given to somebody."""
        first = at % len(self.passages)
        number = min(chance.choice((1, 1, 1, 2, 2, 3)), len(self.passages) - first)
        return self.passages[first : first + number]


def countries() -> list[tuple[str, str, str | None, str]]:
    """Return alpha-3, alpha-2 and numeric code and the name of 250 countries, in order."""
    iso = [(c.alpha_3, c.alpha_2, c.numeric, c.name) for c in pycountry.countries]
    return sorted([*iso, KOSOVO])


def make(folder: Path, statements: int, seed: int = 1) -> None:
    """Write a release of so many statements into a folder, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    world = World(seed, statements)
    with ExitStack() as stack:
        writer = Writer(folder, stack)
        for code in sorted(codes(), key=attrgetter("key")):
            writer.write(code)
        for write in (_sources, _countries, _officials, _issues, _statements):
            write(world, writer)
    _join_search(folder)
    _write_release(folder, writer.counts, seed)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _sources(world: World, writer: Writer) -> None:
    chance = world.chance("sources")
    for number in range(world.sources):
        source = f"source-{number:05d}"
        at, texts, sentences, passages = 0, [], [], []
        for index in range(SENTENCES):
            text = world.text(chance, 12, 16)
            paragraph, place = index // 5 + 1, index % 5 + 1
            key = f"{source}-p{paragraph:03d}s{place}"
            sentences.append(
                entry(
                    Sentence, key, source=source, paragraph=paragraph, number=place,
                    start=at, end=at + len(text), sha256=_digest(text),
                )
            )  # fmt: skip
            half = text.index(" ", len(text) // 2)
            for start, end in ((0, half), (half + 1, len(text))):
                quote = text[start:end]
                passages.append(
                    entry(
                        Passage, f"{key}-{at + start:06d}-{at + end:06d}", source=source,
                        sentence=key, start=at + start, end=at + end, quote=quote,
                        sha256=_digest(quote),
                    )
                )  # fmt: skip
            texts.append(text)
            at += len(text) + 1
        whole = " ".join(texts)
        title = world.text(chance, 4, 8)
        published = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
        writer.write_found(
            entry(
                Source, source, title=title, published_text=published.isoformat(),
                published_earliest=published, published_latest=published,
                published_precision="day", language="en",
                sha256=_digest(whole), code_points=len(whole),
            )
        )  # fmt: skip
        for sentence in sentences:
            writer.write(sentence)
        for passage in passages:
            writer.write_found(passage)
            world.passages.append(passage.key)


def _countries(world: World, writer: Writer) -> None:
    for code, alpha2, numeric, name in countries():
        writer.write_found(
            entry(
                Country, code, alpha2=alpha2, numeric=numeric, name=name, aliases=[name],
                support=Support.REFERENCE.value,
            )
        )  # fmt: skip


def _officials(world: World, writer: Writer) -> None:
    chance = world.chance("officials")
    for number in range(world.officials):
        key = f"official-{number:05d}"
        given, family = world.vocabulary.draw(chance, 2)
        name = f"{given.title()} {family.title()}"
        (country,) = world.country.draw(chance)
        world.serves[key] = country
        fact = {"support": Support.STATED.value, "evidence": world.evidence(chance, number)}
        role = chance.choice([role.value for role in Role])
        writer.write_found(
            entry(
                Official, key, name=name, label=name, aliases=[name], country=country,
                country_support=Support.STATED.value, **fact,
            ),
            entry(
                Position, f"{key}-office", official=key, title=role.replace("_", " ").capitalize(),
                role=role, country=country, **fact,
            ),
        )  # fmt: skip


def _issues(world: World, writer: Writer) -> None:
    chance = world.chance("issues")
    for number in range(world.issues):
        key = f"issue-{number:05d}"
        first, second = _two(lambda: world.country.draw(chance)[0])
        (topic,) = world.topic.draw(chance)
        fact = {"support": _support(chance), "evidence": world.evidence(chance, number * 7)}
        account, pair = f"{key}-account", sorted((first, second))
        sides = []
        for country in pair:
            silent = chance.random() < 0.1
            position = None if silent else world.text(chance, 6, 14)
            sides.append(
                entry(
                    IssueSide, f"{account}-{country.lower()}", account=account, country=country,
                    position=position, not_stated=silent, **fact,
                )
            )  # fmt: skip
        writer.write_found(
            entry(
                BilateralIssue, key, title=world.text(chance, 3, 7), topic=topic, countries=pair,
            ),
            entry(
                Account, account, issue=key, source=fact["evidence"][0].partition("-p")[0],
                current_for=key, status=chance.choice([status.value for status in IssueStatus]),
                summary=f"{world.names[first]} and {world.names[second]}: "
                f"{world.text(chance, 10, 20)}",
                **_time(chance), **fact,
            ),
            *sides,
        )  # fmt: skip


def _statements(world: World, writer: Writer) -> None:
    chance = world.chance("statements")
    for number in range(world.statements):
        about = list(dict.fromkeys(world.country.draw(chance, chance.choice((1, 1, 2)))))
        (topic,) = world.topic.draw(chance)
        summary = (
            f"{world.names[about[0]]} {chance.choice(VERBS)} {topic.replace('_', ' ')}: "
            f"{world.text(chance, 8, 16)}"
        )
        issues = [f"issue-{at:05d}" for at in world.issue.draw(chance)]
        statement = entry(
            Statement, f"statement-{number:07d}", summary=summary, topic=topic,
            about=about, issues=issues if chance.random() < 0.6 else [],
            medium=chance.choice(MEDIA) if chance.random() < 0.5 else None,
            support=_support(chance), evidence=world.evidence(chance, number),
            **_attribution(world, chance), **_time(chance),
        )  # fmt: skip
        writer.write_found(statement)
        for concern in concerns_of(
            statement, world.serves.get(statement.fields.get("speaker", ""))
        ):
            writer.write(concern)


def _attribution(world: World, chance: random.Random) -> dict[str, Any]:
    """Return who said it and in what form: people mostly, few of them most of it."""
    drawn = chance.random()
    if drawn >= 0.9:
        return {"kind": "narration", "narrator": True}
    if drawn >= 0.75:
        (country,) = world.country.draw(chance)
        return {"kind": "reported_position", "attributed_country": country}
    speaker = f"official-{world.speaker.draw(chance)[0]:05d}"
    if drawn >= 0.4:
        return {"kind": "indirect_speech", "speaker": speaker}
    quotation = world.text(chance, 6, 20)
    return {
        "kind": "quotation", "speaker": speaker, "quotation": quotation,
        "quotation_language": "en", "verbatim": "unverified",
    }  # fmt: skip


def _time(chance: random.Random) -> dict[str, Any]:
    """Return a time to seven records of ten, most of them known to the day."""
    drawn = chance.random()
    if drawn >= 0.7:
        return {}
    earliest = FIRST_DAY + timedelta(days=DAYS - int(DAYS * chance.random() ** 2) - 1)
    precision, length = chance.choice(
        ((Precision.DAY, 1),) * 5 + ((Precision.WEEK, 7), (Precision.RANGE, 30))
    )
    return {
        "time_text": f"on or about {earliest.isoformat()}",
        "time_earliest": earliest,
        "time_latest": earliest + timedelta(days=length - 1),
        "time_precision": precision.value,
        "time_year_inferred": chance.random() < 0.1,
    }


def _support(chance: random.Random) -> str:
    return chance.choice(
        (Support.STATED.value,) * 7 + (Support.INFERRED.value,) * 2 + (Support.AMBIGUOUS.value,)
    )


def _two(draw: Callable[[], str]) -> tuple[str, str]:
    first = second = draw()
    while second == first:
        second = draw()
    return first, second


def _join_search(folder: Path) -> None:
    """Put the search entries of all kinds into one file, and number them in its order."""
    name, numbers = file_name(SearchEntry), itertools.count(1)
    with (folder / f"{name}.ndjson").open("wb") as whole:
        for kind in sorted(RecordKind.values):
            part = folder / f"{name}-{kind}.ndjson"
            if part.exists():
                with part.open("rb") as lines:
                    for line in lines:
                        whole.write(line.removesuffix(b"1}\n") + b"%d}\n" % next(numbers))
                part.unlink()


def lines(folder: Path) -> Iterator[bytes]:
    """Yield every line of a release's files, in the order that the content hash takes them."""
    for path in sorted(folder.glob("*.ndjson")):
        with path.open("rb") as file:
            yield from file


def _write_release(folder: Path, counts: dict[str, int], seed: int) -> None:
    digest = hashlib.sha256()
    for line in lines(folder):
        digest.update(line)
    fields: dict[str, Any] = {
        "version": f"1.0.{seed}",
        "title": "A made release for measuring",
        "licence": "CC0-1.0",
        "released": "2026-01-01T00:00:00Z",
        "schema_version": SCHEMA_VERSION,
        "content_hash": digest.hexdigest(),
        "counts": {name: n for name, n in sorted(counts.items()) if name not in UNCOUNTED},
    }
    record = {"model": Release._meta.label_lower, "pk": "made", "fields": fields}
    (folder / "release.json").write_text(json.dumps([record], indent=1) + "\n")
