"""The codebook: the codes of records and filters, with labels, definitions, scores and notes."""

from dataclasses import asdict
from functools import cache
from inspect import getdoc
from typing import Any

from rest_framework import serializers

from policy import plover
from policy.vocabulary import Vocabulary, vocabularies


class CodeSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A code, what to call it and what it means."""

    code = serializers.CharField(help_text="The code, as records and filters write it.")
    label = serializers.CharField(help_text="What to call it.")  # type: ignore[assignment]
    definition = serializers.CharField(help_text="What it means, in our words.")


class PloverModeSerializer(CodeSerializer):
    """A mode of a PLOVER event type, with its score."""

    score = serializers.FloatField(help_text="Score of the type in this mode, -10 to +10.")


class PloverTypeSerializer(CodeSerializer):
    """A PLOVER event type, with its quad class, score and modes."""

    quad = serializers.ChoiceField(plover.Quad.choices, help_text="The quad class.")
    score = serializers.FloatField(help_text="Score of the type, -10 to +10.")
    recipient_required = serializers.BooleanField(
        help_text="Whether an event of this type must have a recipient."
    )
    note = serializers.CharField(
        allow_null=True, help_text="Rules, and known defects of the manual; null if there are none."
    )
    modes = PloverModeSerializer(many=True, help_text="The modes of this type.")


class VocabularySerializer(serializers.Serializer):  # type: ignore[type-arg]
    """A closed vocabulary."""

    name = serializers.CharField(help_text="Name of the vocabulary.")
    definition = serializers.CharField(help_text="What its codes tell.")
    codes = CodeSerializer(many=True, help_text="The codes of the vocabulary.")


class ManualSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """The manual of PLOVER, as far as codes and scores go: the definitions are our own."""

    title = serializers.CharField(help_text="Title of the manual.")
    publisher = serializers.CharField(help_text="Who publishes it.")
    repository = serializers.CharField(help_text="Where it is kept on GitHub: owner and name.")
    file = serializers.CharField(help_text="The file in the repository.")
    commit = serializers.CharField(help_text="The commit that the codes are from.")
    date = serializers.DateField(help_text="Day of that commit.")
    licence = serializers.CharField(help_text="SPDX identifier of the manual's licence.")
    defects = serializers.ListField(
        child=serializers.CharField(), help_text="What is known to be wrong in it, in our words."
    )


class CodebookSerializer(serializers.Serializer):  # type: ignore[type-arg]
    """Every code that records and filters use."""

    manual = ManualSerializer(help_text="The manual that the PLOVER codes and scores are from.")
    plover = PloverTypeSerializer(many=True, help_text="The PLOVER event types with their modes.")
    vocabularies = VocabularySerializer(many=True, help_text="Every closed vocabulary.")


@cache
def codebook() -> dict[str, Any]:
    """Return the whole codebook; it is part of the code and changes with it alone."""
    return {
        "manual": asdict(plover.MANUAL),
        "plover": [_event_type(code) for code in plover.CODEBOOK.values()],
        "vocabularies": [
            {
                "name": name,
                "definition": getdoc(vocabulary),
                "codes": [_code(member) for member in vocabulary],
            }
            for name, vocabulary in vocabularies().items()
        ],
    }


def _code(member: Vocabulary) -> dict[str, Any]:
    return {"code": member.value, "label": member.label, "definition": member.definition}


def _event_type(code: plover.EventCode) -> dict[str, Any]:
    return {
        **_code(code.event_type),
        "quad": code.quad.value,
        "score": code.score,
        "recipient_required": code.recipient_required,
        "note": code.note,
        "modes": [
            {**asdict(mode), "score": plover.score_of(code.event_type, mode.code)}
            for mode in code.modes
        ],
    }
