"""Source documents, their sentences, and the passages that facts cite."""

from contextvars import ContextVar
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from policy.models.base import (
    OPTIONAL,
    Key,
    LongText,
    Text,
    language_field,
    sha256_field,
    time_constraints,
    time_fields,
)
from policy.models.registry import RecordKind

MAX_QUOTE_WORDS = 12

texts_left_out: ContextVar[bool] = ContextVar("texts_left_out", default=False)
"""Whether attached texts are left out, as in the files of a release: an operator may show them,
and those who get the files may not."""


class Source(models.Model):
    """A document that facts were taken from."""

    record_kind: ClassVar = RecordKind.SOURCE

    id = Key("Slug of the source, stable for good.")
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
    language = language_field("Language of the text, as a BCP 47 tag.")
    sha256 = sha256_field("SHA-256 of the whole text in UTF-8, in lower-case hex.")
    code_points = models.PositiveIntegerField(
        help_text="Length of the whole text in Unicode code points."
    )
    note = LongText("What a reader must know about the document; may be null.", **OPTIONAL)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = time_constraints("published")


class Span(models.Model):
    """A stretch of a source's text, located but not republished."""

    start = models.PositiveIntegerField(
        help_text="Offset of the first code point within the source's text, from 0."
    )
    end = models.PositiveIntegerField(
        help_text="Offset just after the last code point within the source's text."
    )
    sha256 = sha256_field("SHA-256 of the exact span in UTF-8, in lower-case hex.")

    class Meta:
        abstract = True
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="policy_%(class)s_span",
                condition=Q(end__gt=F("start")),
                violation_error_message="The end of a span must come after its start.",
            )
        ]


class Sentence(Span):
    """One numbered sentence of a source: the ledger of what has been read and used."""

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

    class Meta(Span.Meta):
        ordering: ClassVar = ["source_id", "start", "id"]
        constraints: ClassVar = [
            *Span.Meta.constraints,
            models.UniqueConstraint(
                fields=["source", "paragraph", "number"], name="policy_sentence_once"
            ),
        ]


class Passage(Span):
    """A span within one sentence that facts cite."""

    record_kind: ClassVar = RecordKind.PASSAGE

    id = Key("Slug of the sentence and the offsets, such as article-1-p1s3-367-373.")
    source = models.ForeignKey(
        Source, models.CASCADE, related_name="passages", help_text="Slug of the source."
    )
    sentence = models.ForeignKey(
        Sentence,
        models.CASCADE,
        related_name="passages",
        help_text="The sentence the span lies in.",
    )
    quote = Text(
        f"The phrase that carries the fact: at most {MAX_QUOTE_WORDS} words.", max_length=200
    )

    class Meta(Span.Meta):
        ordering: ClassVar = ["source_id", "start", "end", "id"]
        constraints: ClassVar = [
            *Span.Meta.constraints,
            models.UniqueConstraint(fields=["source", "start", "end"], name="policy_passage_once"),
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
