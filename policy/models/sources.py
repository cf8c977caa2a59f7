"""Sources, which are texts or registers, and their sentences and passages, which facts cite."""

from contextvars import ContextVar
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from policy.models.base import (
    OPTIONAL,
    Key,
    LongText,
    Text,
    code_field,
    language_field,
    sha256_field,
    time_constraints,
    time_fields,
)
from policy.models.registry import RecordKind
from policy.vocabulary import Vocabulary

MAX_QUOTE_WORDS = 12

texts_left_out: ContextVar[bool] = ContextVar("texts_left_out", default=False)
"""Whether attached texts are left out, as in the files of a release: an operator may show them,
and those who get the files may not."""


class SourceKind(Vocabulary):
    """What kind of source it is, and so what its passages are."""

    TEXT = "text", "A document; its passages are spans of its sentences."
    REGISTER = "register", "A list of records; its passages are entries of it."


class Source(models.Model):
    """A document, or a register of records, that facts were taken from."""

    record_kind: ClassVar = RecordKind.SOURCE

    id = Key("Slug of the source, stable for good.")
    kind = code_field(
        SourceKind, "Whether it is a text or a register.", default=SourceKind.TEXT.value
    )
    title = Text("Title; null when not known.", max_length=300, **OPTIONAL)
    author = Text("Author; null when not known.", max_length=200, **OPTIONAL)
    publisher = Text("Publisher; null when not known.", max_length=200, **OPTIONAL)
    (
        published_text,
        published_earliest,
        published_latest,
        published_precision,
        published_year_inferred,
    ) = time_fields("the publication")
    url = models.URLField(max_length=500, help_text="Address; null when not known.", **OPTIONAL)
    language = language_field("Language of the text or the register, as a BCP 47 tag.")
    sha256 = sha256_field(
        "SHA-256 of the whole text in UTF-8, or of the hashes of a register's entries, one a line, "
        "in their order; in lower-case hex."
    )
    code_points = models.PositiveIntegerField(
        help_text="Length of the whole text in Unicode code points; null for a register.",
        **OPTIONAL,
    )
    entries = models.PositiveIntegerField(
        help_text="Number of entries that were read of a register; null for a text.", **OPTIONAL
    )
    note = LongText("What a reader must know about the source; may be null.", **OPTIONAL)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            *time_constraints("published"),
            models.CheckConstraint(
                name="policy_source_length",
                condition=Q(kind=SourceKind.TEXT, code_points__isnull=False, entries__isnull=True)
                | Q(kind=SourceKind.REGISTER, code_points__isnull=True, entries__isnull=False),
                violation_error_message=(
                    "Give code_points for a text, entries for a register, and not the other."
                ),
            ),
        ]


class Sentence(models.Model):
    """One numbered sentence of a source: the ledger of what has been read and used."""

    start = models.PositiveIntegerField(
        help_text="Offset of the first code point within the source's text, from 0."
    )
    end = models.PositiveIntegerField(
        help_text="Offset just after the last code point within the source's text."
    )
    sha256 = sha256_field("SHA-256 of the exact span in UTF-8, in lower-case hex.")
    id = Key("Slug of source, paragraph and sentence, such as article-1-p1s3.")
    source = models.ForeignKey(
        Source, models.CASCADE, related_name="sentences", help_text="Slug of the source."
    )
    paragraph = models.PositiveIntegerField(help_text="Number of the paragraph, from 1.")
    number = models.PositiveIntegerField(
        help_text="Number of the sentence within its paragraph, from 1."
    )
    uncited_reason = LongText(
        "Why no fact rests on this sentence; null when at least one does.", **OPTIONAL
    )

    class Meta:
        ordering: ClassVar = ["source_id", "start", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="policy_sentence_span",
                condition=Q(end__gt=F("start")),
                violation_error_message="The end of a span must come after its start.",
            ),
            models.UniqueConstraint(
                fields=["source", "paragraph", "number"], name="policy_sentence_once"
            ),
        ]


class Passage(models.Model):
    """What facts cite: a span within one sentence of a text, or an entry of a register."""

    record_kind: ClassVar = RecordKind.PASSAGE

    start = models.PositiveIntegerField(
        help_text="Offset of the first code point within the source's text, from 0; null for an "
        "entry of a register.",
        **OPTIONAL,
    )
    end = models.PositiveIntegerField(
        help_text="Offset just after the last code point within the source's text; null for an "
        "entry of a register.",
        **OPTIONAL,
    )
    sha256 = sha256_field(
        "SHA-256 of the exact span in UTF-8, or of the fields of an entry that were used, as "
        "canonical JSON; in lower-case hex."
    )
    id = Key(
        "Slug of the sentence and the offsets, such as article-1-p1s3-367-373, or of the register "
        "and the entry, such as us-travels-4281."
    )
    source = models.ForeignKey(
        Source, models.CASCADE, related_name="passages", help_text="Slug of the source."
    )
    sentence = models.ForeignKey(
        Sentence,
        models.CASCADE,
        related_name="passages",
        help_text="The sentence the span lies in; null for an entry of a register.",
        **OPTIONAL,
    )
    entry = Text(
        "The entry's own id in its register, with the file it stands in where ids are those of "
        "files; null for a span of a text.",
        max_length=200,
        **OPTIONAL,
    )
    quote = Text(
        f"The phrase that carries the fact: at most {MAX_QUOTE_WORDS} words. Null for an entry of "
        "which no words are needed.",
        max_length=200,
        **OPTIONAL,
    )

    class Meta:
        ordering: ClassVar = [
            "source_id",
            F("start").asc(nulls_last=True),
            F("end").asc(nulls_last=True),
            "id",
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="policy_passage_span",
                condition=Q(
                    entry__isnull=True,
                    sentence__isnull=False,
                    start__isnull=False,
                    end__gt=F("start"),
                    quote__isnull=False,
                )
                | Q(
                    entry__isnull=False, sentence__isnull=True, start__isnull=True, end__isnull=True
                ),
                violation_error_message=(
                    "Give sentence, start, end (after it) and quote of a span, or the entry of a "
                    "register."
                ),
            ),
            models.UniqueConstraint(fields=["source", "start", "end"], name="policy_passage_once"),
            models.UniqueConstraint(fields=["source", "entry"], name="policy_passage_entry_once"),
        ]

    @property
    def text(self) -> str | None:
        """The exact text an operator attached, or None; never that of another version."""
        if texts_left_out.get():
            return None
        attached: PassageText | None = getattr(self, "attached", None)
        return attached.text if attached and attached.sha256 == self.sha256 else None


class PassageText(models.Model):
    """The exact text of a passage, attached by an operator who may show it; never in a release."""

    passage = models.OneToOneField(
        Passage,
        models.CASCADE,
        primary_key=True,
        related_name="attached",
        help_text="The passage whose text this is.",
    )
    sha256 = sha256_field("SHA-256 of the text; it is shown only while the passage says the same.")
    text = LongText("The exact text of the span.")
