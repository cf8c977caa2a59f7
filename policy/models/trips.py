"""Official journeys and the countries on them."""

from typing import ClassVar

from django.db import models
from django.db.models import F

from policy.models.actors import Country, Official
from policy.models.base import OPTIONAL, Fact, Key, LongText, Text, Timed, code_field, texts_field
from policy.models.registry import RecordKind
from policy.vocabulary import Vocabulary


class TripStatus(Vocabulary):
    """How far a journey has come, as of its source."""

    PLANNED = "planned", "Announced or expected, not begun."
    UNDERWAY = "underway", "Begun and not ended."
    COMPLETED = "completed", "Ended."
    CANCELLED = "cancelled", "Called off."


class Trip(Fact, Timed):
    """An official journey, as its source describes it."""

    record_kind: ClassVar = RecordKind.TRIP

    id = Key("Slug of the trip, stable for good.")
    title = Text("What journey it is, in a few words.", max_length=200)
    summary = LongText("What the source says of it, in our words.")
    traveller = models.ForeignKey(
        Official, models.PROTECT, related_name="trips", help_text="Slug of who travels."
    )
    status = code_field(TripStatus, "How far it has come.")
    region_text = Text(
        "The source's words for where it goes; null when it has none.", max_length=200, **OPTIONAL
    )
    purposes = texts_field("What the journey is for, each purpose in our words.")

    class Meta(Timed.Meta):
        ordering: ClassVar = ["id"]


class Stop(Fact, Timed):
    """A country on a journey; the order of listing is not the order of visiting."""

    part_of: ClassVar = "trip"

    id = Key("Slug of the trip and the country.", max_length=200)
    trip = models.ForeignKey(
        Trip, models.CASCADE, related_name="stops", help_text="Slug of the trip."
    )
    country = models.ForeignKey(
        Country, models.PROTECT, related_name="stops", help_text="The country, as alpha-3."
    )
    status = code_field(TripStatus, "How far this stop has come.")
    listed_position = models.PositiveSmallIntegerField(
        help_text="Place in the list of the source, from 1; it says nothing about the visit order. "
        "Null when the source has no such list.",
        **OPTIONAL,
    )
    visit_order = models.PositiveSmallIntegerField(
        help_text="Place in the order of visits; null when not stated.", **OPTIONAL
    )
    city = Text(
        "City, or several in the words of the source; null when not stated.",
        max_length=100,
        **OPTIONAL,
    )
    host = models.ForeignKey(
        Official,
        models.PROTECT,
        related_name="hosted_stops",
        help_text="Slug of the official who receives the visit; null when not stated.",
        **OPTIONAL,
    )

    class Meta(Timed.Meta):
        ordering: ClassVar = ["trip_id", F("listed_position").asc(nulls_last=True), "id"]
        constraints: ClassVar = [
            *Timed.Meta.constraints,
            models.UniqueConstraint(
                fields=["trip", "listed_position"], name="policy_stop_listed_once"
            ),
        ]
