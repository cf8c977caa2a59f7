"""Views: the tables with names joined, for people who ask in SQL; the same on both engines.

A view says its columns once: the expression, and what it means. What is a field of a model has its
meaning from there.
"""

from collections.abc import Iterator, Sequence
from functools import cache

from policy.database.columns import (
    Column,
    View,
    code,
    evidence,
    keys,
    label,
    listed,
    own,
    parties,
    titles,
)
from policy.models import (
    Account,
    BilateralIssue,
    Check,
    Code,
    Country,
    Event,
    EventParty,
    Gap,
    Identifier,
    IssueSide,
    Official,
    Organisation,
    Passage,
    Position,
    Relation,
    Sentence,
    Source,
    Statement,
    Stop,
    Trip,
)

TIME = ("time_text", "time_earliest", "time_latest", "time_precision", "time_year_inferred")
FACT = ("support", "note")
SCORED = (
    label("quad", "COALESCE(m.quad, t.quad)", "Quad class of the event type; null if uncoded."),
    label(
        "score",
        "COALESCE(m.score, t.score)",
        "PLOVER score of type and mode, -10 (conflict) to +10 (cooperation); null if uncoded.",
    ),
)
CODED = (
    f"{code('t', 'event_type', 'e.event_type')}\n"
    "LEFT JOIN policy_code AS m ON m.vocabulary = 'mode' AND m.code = e.mode "
    "AND m.event_type = e.event_type"
)

RECEIVED = (
    "EXISTS (SELECT 1 FROM policy_eventparty AS p WHERE p.event_id = e.id AND p.role = 'recipient')"
)


def _side(letter: str, which: str) -> list[Column]:
    side, country = f"s{letter}", f"c{letter}"
    return [
        label(f"country_{letter}", f"i.{letter}", f"The {which} of the two countries, as alpha-3."),
        label(f"country_{letter}_name", f"{country}.name", "Short English name of it."),
        *own(
            *(IssueSide, side),
            **{
                f"position_{letter}": "position",
                f"not_stated_{letter}": "not_stated",
                f"support_{letter}": "support",
            },
        ),
    ]


PAIR = (
    "(SELECT bilateralissue_id AS id, MIN(country_id) AS a, MAX(country_id) AS b "
    "FROM policy_bilateralissue_countries GROUP BY bilateralissue_id)"
)
ANSWERS = (
    "FROM policy_relation AS p LEFT JOIN records AS t "
    "ON t.kind = p.subject_kind AND t.record = p.subject "
    "WHERE p.relation = 'answers' AND p.object = g.id"
)


def _of_time(prefix: str, names: Sequence[str] = TIME) -> dict[str, str]:
    return {f"{prefix}_{name}": name for name in names}


def _ends(end: str) -> Iterator[Column]:
    yield from own(Relation, "r", f"{end}_kind", end, f"{end}_part")
    yield label(f"{end}_title", f"{end[0]}t.title", f"What to call the {end} of the relation.")


@cache
def views() -> tuple[View, ...]:
    """Return all views; each comes after those that it is made of."""
    return (
        View(
            "records",
            "Every record that has a list in the API, with what to call it.",
            [
                label("kind", "u.kind", "Kind of the record, as the API names it."),
                label("record", "u.record", "Key of the record."),
                label("title", "u.title", "What to call the record in a list."),
            ],
            f"FROM (\n    {titles()}\n) AS u",
        ),
        View(
            "codes",
            "Every code of every vocabulary, with its meaning.",
            own(Code, "c"),
            "FROM policy_code AS c",
        ),
        View(
            "sources", "The documents and registers.", own(Source, "s"), "FROM policy_source AS s"
        ),
        View("countries", "The countries.", own(Country, "c"), "FROM policy_country AS c"),
        View(
            "organisations",
            "The organisations, with the names of their countries and their members.",
            [
                *own(Organisation, "o", "id", "kind", "name", "label", "acronym", "aliases"),
                *own(Organisation, "o", "country"),
                label("country_name", "c.name", "Short English name of that country."),
                *own(Organisation, "o", "country_support", "actor_code"),
                *keys(Organisation, "o", members="member_names"),
                *own(Organisation, "o", *FACT),
            ],
            "FROM policy_organisation AS o LEFT JOIN policy_country AS c ON c.id = o.country_id",
        ),
        View(
            "officials",
            "The officials with their offices: a row for each office, one for who has none.",
            [
                *own(Official, "o", "id", "name", "label", "aliases", "country"),
                label("country_name", "c.name", "Short English name of that country."),
                *own(Official, "o", *FACT),
                *own(Position, "p", office="id", office_title="title", role="role"),
                *own(Position, "p", office_country="country", office_organisation="organisation"),
                label("office_organisation_label", "g.label", "What to call that organisation."),
                *own(Position, "p", "status", "accredited_to"),
                label("accredited_to_name", "a.name", "Short English name of that country."),
                *own(Position, "p", "accredited_to_organisation"),
                *own(
                    *(Position, "p"),
                    *(
                        f"{end}_{part}"
                        for end in ("appointed", "start", "end")
                        for part in ("text", "earliest", "latest", "precision", "year_inferred")
                    ),
                ),
                *own(Position, "p", office_support="support", office_note="note"),
            ],
            "FROM policy_official AS o LEFT JOIN policy_country AS c ON c.id = o.country_id\n"
            "LEFT JOIN policy_position AS p ON p.official_id = o.id\n"
            "LEFT JOIN policy_organisation AS g ON g.id = p.organisation_id\n"
            "LEFT JOIN policy_country AS a ON a.id = p.accredited_to_id",
        ),
        View(
            "identifiers",
            "What lists outside of the dataset call the officials.",
            [
                *own(Identifier, "i", "id", "official"),
                label("official_label", "o.label", "What to call the person."),
                *own(Identifier, "i", "scheme", "value", "checked_by", "reason"),
            ],
            "FROM policy_identifier AS i JOIN policy_official AS o ON o.id = i.official_id",
        ),
        View(
            "statements",
            "The statements, with the names of who said them.",
            [
                *own(Statement, "s", "id", "summary", "kind", "topic"),
                label(
                    "said_by",
                    "COALESCE(o.label, g.label, c.name, 'the source itself')",
                    "What to call who said it.",
                ),
                *own(Statement, "s", "speaker", "attributed_organisation", "attributed_country"),
                *own(Statement, "s", "narrator", "attribution_support"),
                *own(Statement, "s", "via_official", "via_organisation", "medium"),
                *keys(Statement, "s", about="about_names"),
                *keys(Statement, "s", about_organisations="about_organisation_labels"),
                *keys(Statement, "s", issues="issue_titles"),
                *own(Statement, "s", "quotation", "quotation_language", "quotation_translated"),
                *own(Statement, "s", "verbatim", *TIME, *FACT),
            ],
            "FROM policy_statement AS s LEFT JOIN policy_official AS o ON o.id = s.speaker_id\n"
            "LEFT JOIN policy_organisation AS g ON g.id = s.attributed_organisation_id\n"
            "LEFT JOIN policy_country AS c ON c.id = s.attributed_country_id",
        ),
        View(
            "issues",
            "The bilateral issues, with the current account of each and both sides in a row.",
            [
                *own(BilateralIssue, "x", "id", "title", "topic"),
                *own(Account, "a", account="id", source="source", status="status"),
                *own(Account, "a", "summary"),
                *_side("a", "first"),
                *_side("b", "second"),
                *own(Account, "a", *TIME, *FACT),
            ],
            f"FROM policy_bilateralissue AS x JOIN {PAIR} AS i ON i.id = x.id\n"
            "JOIN policy_country AS ca ON ca.id = i.a JOIN policy_country AS cb ON cb.id = i.b\n"
            "LEFT JOIN policy_account AS a ON a.current_for_id = x.id\n"
            "LEFT JOIN policy_issueside AS sa ON sa.account_id = a.id AND sa.country_id = i.a\n"
            "LEFT JOIN policy_issueside AS sb ON sb.account_id = a.id AND sb.country_id = i.b",
        ),
        View(
            "positions",
            "Each country's position on an issue, or that none is stated, in each account of it.",
            [
                *own(IssueSide, "s", "id"),
                *own(Account, "a", "issue"),
                *own(BilateralIssue, "x", "title", "topic"),
                *own(IssueSide, "s", "account"),
                *own(Account, "a", "source", "status"),
                label(
                    "is_current",
                    "(a.current_for_id IS NOT NULL)",
                    "Whether this is the account that the issue shows as its own.",
                ),
                *own(IssueSide, "s", "country"),
                label("country_name", "c.name", "Short English name of that country."),
                *own(IssueSide, "s", "position", "not_stated", *FACT),
            ],
            "FROM policy_issueside AS s JOIN policy_account AS a ON a.id = s.account_id\n"
            "JOIN policy_bilateralissue AS x ON x.id = a.issue_id\n"
            "JOIN policy_country AS c ON c.id = s.country_id",
        ),
        View(
            "events",
            "The events, one row each, with quad, score and everybody who has a part in it.",
            [
                *own(Event, "e", "id", "summary", "event_type"),
                label("event_type_label", "t.label", "What to call the event type."),
                *own(Event, "e", "mode"),
                label("mode_label", "m.label", "What to call the mode."),
                *SCORED,
                *own(Event, "e", "auxiliary", "confidence"),
                *parties("actor"),
                *parties("recipient"),
                listed(
                    "contexts",
                    "p.context",
                    "FROM policy_eventcontext AS p WHERE p.event_id = e.id",
                    "The subjects that it touches, as PLOVER contexts.",
                ),
                *keys(Event, "e", issues="issue_titles"),
                *own(Event, "e", "place_country"),
                label("place_country_name", "pc.name", "Short English name of that country."),
                *own(Event, "e", "place_text", *TIME, *FACT),
                *own(Event, "e", "alternatives", "rationale", "uncoded_reason"),
            ],
            "FROM policy_event AS e\n"
            f"LEFT JOIN policy_country AS pc ON pc.id = e.place_country_id\n{CODED}",
        ),
        View(
            "event_dyads",
            "The events, a row for each actor and each recipient of it. Where nobody receives, as "
            "in a meeting, each actor stands against each other one, and is_reciprocal is true.",
            [
                *own(Event, "e", event="id", summary="summary", event_type="event_type"),
                *own(Event, "e", "mode"),
                *SCORED,
                *own(Event, "e", "auxiliary", "confidence"),
                *own(
                    *(EventParty, "a"),
                    actor="country",
                    actor_organisation="organisation",
                    actor_sector="sector",
                ),
                label(
                    "actor_name",
                    "COALESCE(ao.label, ac.name)",
                    "What to call who acts: the organisation if one is named, else the country.",
                ),
                *own(
                    *(EventParty, "r"),
                    recipient="country",
                    recipient_organisation="organisation",
                    recipient_sector="sector",
                ),
                label(
                    "recipient_name",
                    "COALESCE(ro.label, rc.name)",
                    "What to call the other: the organisation if one is named, else the country.",
                ),
                label("is_reciprocal", "(r.role = 'actor')", "Whether the other acts as well."),
                *own(Event, "e", *TIME, "place_country"),
            ],
            "FROM policy_event AS e JOIN policy_eventparty AS a "
            "ON a.event_id = e.id AND a.role = 'actor'\n"
            "JOIN policy_eventparty AS r ON r.event_id = e.id AND (r.role = 'recipient' "
            f"OR r.id <> a.id AND NOT {RECEIVED})\n"
            "LEFT JOIN policy_country AS ac ON ac.id = a.country_id "
            "LEFT JOIN policy_organisation AS ao ON ao.id = a.organisation_id\n"
            "LEFT JOIN policy_country AS rc ON rc.id = r.country_id "
            "LEFT JOIN policy_organisation AS ro ON ro.id = r.organisation_id\n"
            f"{CODED}",
        ),
        View(
            "trips",
            "The trips with their stops: a row for each stop, one for a trip without any.",
            [
                *own(Trip, "t", "id", "title", "summary", "traveller"),
                label("traveller_label", "o.label", "What to call who travels."),
                *own(Trip, "t", "status", *TIME, *FACT),
                *own(Stop, "s", stop="id", stop_country="country"),
                label("stop_country_name", "c.name", "Short English name of that country."),
                *own(
                    *(Stop, "s", "listed_position", "visit_order", "city", "host"),
                    stop_status="status",
                    **_of_time("stop"),
                ),
                *own(Stop, "s", stop_support="support", stop_note="note"),
            ],
            "FROM policy_trip AS t JOIN policy_official AS o ON o.id = t.traveller_id\n"
            "LEFT JOIN policy_stop AS s ON s.trip_id = t.id\n"
            "LEFT JOIN policy_country AS c ON c.id = s.country_id",
        ),
        View(
            "evidence",
            "Every fact with every passage that it rests on.",
            [
                label("kind", "u.kind", "Kind of the record that the fact stands in."),
                label("record", "u.record", "Key of that record."),
                label("part", "u.part", "What the fact is: the record itself, or a part of it."),
                label("fact", "u.fact", "Key of the fact."),
                label(
                    "support",
                    "u.support",
                    "How firmly the source carries it; null for a gap or a check.",
                ),
                *own(Passage, "p", passage="id", source="source"),
                *own(Sentence, "s", paragraph="paragraph", sentence="number"),
                *own(Passage, "p", "start", "end", "entry", "quote", "sha256"),
            ],
            f"FROM (\n    {evidence()}\n) AS u\n"
            "JOIN policy_passage AS p ON p.id = u.passage\n"
            "LEFT JOIN policy_sentence AS s ON s.id = p.sentence_id",
        ),
        View(
            "relations",
            "How one record lies to another, with what to call both.",
            [
                *own(Relation, "r", "id", "relation"),
                *_ends("subject"),
                *_ends("object"),
                *own(Relation, "r", *FACT),
            ],
            "FROM policy_relation AS r\n"
            "LEFT JOIN records AS st "
            "ON st.kind = r.subject_kind AND st.record = r.subject\n"
            "LEFT JOIN records AS ot "
            "ON ot.kind = r.object_kind AND ot.record = r.object",
        ),
        View(
            "checks",
            "What registers say to claims of the sources, with what to call the claims.",
            [
                *own(Check, "k", "id", "title", "claim_kind", "claim"),
                label("claim_title", "t.title", "What to call the record that makes the claim."),
                *own(Check, "k", "trip", "register", "rule", "rule_text", "role", "countries"),
                *own(Check, "k", "years", "query", "verdict", "finding"),
            ],
            "FROM policy_check AS k\n"
            "LEFT JOIN records AS t ON t.kind = k.claim_kind AND t.record = k.claim",
        ),
        View(
            "gaps",
            "What a source does not say, with what it concerns and what answers it.",
            [
                *own(Gap, "g", "id", "source"),
                *own(Source, "s", source_title="title"),
                *own(Gap, "g", "question", "note"),
                *keys(Gap, "g", countries="country_names", officials="official_labels"),
                *keys(Gap, "g", organisations="organisation_labels"),
                *keys(Gap, "g", statements="statement_summaries", issues="issue_titles"),
                *keys(Gap, "g", events="event_summaries", trips="trip_titles"),
                listed("answered_by", "p.subject", ANSWERS, "Keys of what tells what it asks."),
                listed(
                    "answered_by_titles",
                    "t.title",
                    ANSWERS,
                    "What to call each of answered_by, in the same order.",
                    order="p.subject",
                ),
            ],
            "FROM policy_gap AS g LEFT JOIN policy_source AS s ON s.id = g.source_id",
        ),
    )
