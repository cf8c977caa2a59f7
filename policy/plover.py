"""The PLOVER codebook that events are coded in, defined in our own words after the 2024 manual."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from policy.vocabulary import Vocabulary

MOST_SCORE = 10
"""Scores run from the most conflictual, which is minus this, to the most cooperative."""


class Quad(Vocabulary):
    """Whether an event type is cooperation or conflict, and done in words or in deeds."""

    VERBAL_COOPERATION = (
        "verbal_cooperation",
        "The sides draw together in words, with nothing yet done.",
    )
    MATERIAL_COOPERATION = (
        "material_cooperation",
        "The sides draw together in deeds, with a material effect.",
    )
    VERBAL_CONFLICT = "verbal_conflict", "The sides press or oppose each other in words."
    MATERIAL_CONFLICT = (
        "material_conflict",
        "The sides oppose or harm each other in deeds, with a material effect.",
    )


class EventType(Vocabulary):
    """What the actor of an event does or says."""

    AGREE = (
        "AGREE",
        "Accepts, offers or promises to work together. What is agreed has yet to happen.",
    )
    CONSULT = "CONSULT", "Talks with another side, in person or at a distance."
    SUPPORT = (
        "SUPPORT",
        "Backs another side by word or diplomatic step: praise, recognition, a signed treaty.",
    )
    CONCEDE = "CONCEDE", "Gives ground in words: accepts a demand, eases a rule."
    COOPERATE = "COOPERATE", "Works together or trades in deeds, to mutual gain."
    AID = "AID", "Gives material help that mainly serves the recipient, asylum included."
    RETREAT = "RETREAT", "Backs down in deeds, as by pulling out or freeing captives."
    REQUEST = "REQUEST", "Asks or calls on another side to do something."
    REJECT = "REJECT", "Refuses what is asked or proposed."
    ACCUSE = (
        "ACCUSE",
        "Finds fault: criticises another side, says it did wrong, or looks into its conduct.",
    )
    THREATEN = (
        "THREATEN",
        "Warns another side of harm to come, often unless it complies. It is not yet done.",
    )
    PROTEST = "PROTEST", "Shows dissent by civilians' public action, violent or not."
    SANCTION = (
        "SANCTION",
        "Cuts back normal relations, aid or trade. Formal sanctions are only one form of it.",
    )
    MOBILIZE = (
        "MOBILIZE",
        "Moves or readies armed forces or police as a show of strength, without using force.",
    )
    COERCE = (
        "COERCE",
        "Curbs people's rights, freedom or property by power, short of violent attack.",
    )
    ASSAULT = (
        "ASSAULT",
        "Uses force on purpose, in a way that can badly hurt people or wreck things.",
    )


class Context(Vocabulary):
    """What a matter is about."""

    MILITARY = "military", "Armed forces, defence, weapons and warfare."
    INTELLIGENCE = "intelligence", "Spying, and the sharing of secret information."
    EXECUTIVE = "executive", "Heads of state or government, ministries and policy."
    LEGISLATIVE = "legislative", "Parliaments, their debates, votes and coalitions."
    ELECTION = "election", "Elections, referendums and the campaigns for them."
    POLITICAL_INSTITUTIONS = (
        "political_institutions",
        "How a state is built and run: its constitution, institutions and norms.",
    )
    PRO_DEMOCRACY = "pro_democracy", "Efforts for democracy or more of it.", "Pro-democracy"
    PRO_AUTOCRACY = "pro_autocracy", "Efforts for rule by one or a few.", "Pro-autocracy"
    ECONOMIC = "economic", "Trade, finance, investment, jobs and development."
    LEGAL = "legal", "Law, courts and treaties, human rights apart."
    REPARATIONS = "reparations", "Redress for past wrongs, in money or otherwise."
    HUMAN_RIGHTS = "human_rights", "Human rights, their protection and abuse."
    RIGHTS_FREEDOMS = (
        "rights_freedoms",
        "Civil and political liberties such as speech, press, assembly and the vote.",
        "Rights and freedoms",
    )
    REPRESSION = "repression", "A state's putting down of opponents or dissent."
    HUMAN_SECURITY = (
        "human_security",
        "What people need to live: food, water, housing, energy and land.",
    )
    GENDER = "gender", "Women's rights, and equality between the sexes."
    LGBT = "lgbt", "Lesbian, gay, bisexual and transgender people and their rights.", "LGBT"
    RELIGION_ETHNICITY = (
        "religion_ethnicity",
        "Religions and ethnic groups, and how they live together.",
        "Religion and ethnicity",
    )
    INEQUALITY = "inequality", "Unequal income, wealth or chances among people."
    DIPLOMATIC = "diplomatic", "Dealings between states: envoys, talks and ties."
    TERRITORY = "territory", "Borders, sovereignty, and who controls land or waters."
    PEACEKEEPING = "peacekeeping", "Missions sent to keep or watch over a peace."
    HEALTH = "health", "Public health, disease and medical care."
    ASYLUM = "asylum", "Refuge sought by, or given to, people in danger at home."
    MIGRATION = (
        "migration",
        "People on the move, within or across borders, and their removal or return.",
    )
    DISASTERS = "disasters", "Natural disasters, great accidents and relief."
    NATURAL_RESOURCE = (
        "natural_resource",
        "Oil, gas, minerals, water, fish or forests, and who uses them.",
    )
    ENVIRONMENT = "environment", "Nature, pollution and climate change."
    TECHNOLOGY = "technology", "Science, new technology and its industries."
    TERRORISM = "terrorism", "Terrorist acts and groups, and the fight against them."
    CBRN = "cbrn", "Chemical, biological, radiological and nuclear arms and dangers.", "CBRN"
    CYBER = "cyber", "Attacks on computer networks, crime through them, and defence."
    MISINFORMATION = "misinformation", "False or misleading information."
    CRIME = "crime", "Crime, criminals and gangs, and the policing of them."
    CORRUPTION = "corruption", "Public office turned to private gain."
    ILLEGAL_DRUGS = "illegal_drugs", "Unlawful drugs, their making and trade."
    TRAFFICKING = "trafficking", "Illicit trade in people or goods."


class Sector(Vocabulary):
    """What part of society or of a state the party of an event is of."""

    GOV = "GOV", "The executive: government, ministries and agencies.", "Government"
    LEG = "LEG", "Parliaments and their members.", "Legislature"
    JUD = "JUD", "Courts and judges.", "Judiciary"
    MIL = "MIL", "The armed forces of a state.", "Military"
    COP = "COP", "Police, border guards and the like.", "Police"
    SPY = "SPY", "Intelligence services.", "Intelligence"
    PTY = "PTY", "Political parties and their candidates.", "Political party"
    OPP = "OPP", "The opposition, mostly beside another sector.", "Opposition"
    ELI = "ELI", "Former officials and other elites.", "Elites"
    PRM = "PRM", "Armed groups that side with a government.", "Paramilitary"
    REB = "REB", "Armed groups that fight a government.", "Rebels"
    UAF = "UAF", "Armed people of whom it is not known whose they are.", "Unidentified armed force"
    CRM = "CRM", "Criminals and gangs.", "Criminals"
    BUS = "BUS", "Companies and business people, multinational companies apart.", "Business"
    LAB = "LAB", "Workers and their unions.", "Labour"
    AGR = "AGR", "Farmers and farm workers.", "Agriculture"
    JRN = "JRN", "Journalists and the news media.", "Media"
    EDU = "EDU", "Schools, universities, teachers and students.", "Education"
    MED = "MED", "Health workers and hospitals.", "Medical"
    REL = "REL", "Religious bodies and their leaders.", "Religious"
    REF = "REF", "Refugees and people who were driven from their homes.", "Refugees"
    CVL = "CVL", "Civilians, where no more is said of them.", "Civilians"
    SOC = "SOC", "Civil society of another kind.", "Civil society"
    PRE = (
        "PRE",
        "A body that only some states recognise, beside another sector.",
        "Partially recognised",
    )
    UNK = "UNK", "Somebody of whom the source says too little for another code.", "Unidentified"


class ActorCode(Vocabulary):
    """What kind of international actor an organisation is that is of no one state."""

    UNO = "UNO", "The United Nations and their bodies.", "United Nations"
    EUR = "EUR", "The European Union and its bodies.", "European Union"
    IGO = "IGO", "Any other organisation of governments.", "Intergovernmental organisation"
    NGO = (
        "NGO",
        "An international organisation that is not of governments.",
        "Non-governmental organisation",
    )
    ISM = "ISM", "A social movement across borders.", "International social movement"
    IMG = "IMG", "An armed group across borders.", "Transnational armed group"
    MNC = "MNC", "A company that is at home in several countries.", "Multinational company"


class Auxiliary(Vocabulary):
    """In which sense an event did not simply happen in the time that the source reports."""

    HISTORICAL = "historical", "It lies in the past and is told as background."
    FUTURE = "future", "It is planned or expected, and has not happened yet."
    HYPOTHETICAL = "hypothetical", "It is supposed: it would happen on a condition."
    NEGATION = "negation", "The source says that it did not happen."


class Confidence(Vocabulary):
    """How sure the coder is of the coding of an event."""

    HIGH = "high", "The source's words fit this code and no other as well."
    MEDIUM = "medium", "This code fits best, yet a careful coder might choose another."
    LOW = "low", "Other codes fit about as well, or the words leave much open."


@dataclass(frozen=True, slots=True)
class ModeCode:
    """A mode of an event type; a score of None means that of the event type."""

    code: str
    label: str
    definition: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class EventCode:
    """An event type's entry in the codebook; scores run from -10 (conflict) to +10."""

    event_type: EventType
    quad: Quad
    score: float
    modes: tuple[ModeCode, ...] = ()
    note: str | None = None
    recipient_required: bool = False


@dataclass(frozen=True, slots=True)
class Manual:
    """The manual that codes and scores were taken from; the definitions are our own."""

    title: str
    publisher: str
    repository: str
    file: str
    commit: str
    date: str
    licence: str
    defects: tuple[str, ...]


_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
MANUAL = Manual(**_TABLES.pop("manual"))
CITED = f"{MANUAL.title}, {MANUAL.repository}, commit {MANUAL.commit}"
"""The manual in a few words, for each code that is from it."""


def _entries() -> Iterator[EventCode]:
    for event_type, table in _TABLES.items():
        modes = tuple(ModeCode(**mode) for mode in table.pop("modes", ()))
        quad = Quad(table.pop("quad"))
        yield EventCode(EventType(event_type), quad, modes=modes, **table)


_ENTRIES = tuple(_entries())

CODEBOOK: dict[EventType, EventCode] = {entry.event_type: entry for entry in _ENTRIES}

MODE_CHOICES: list[tuple[str, str]] = sorted(
    {(mode.code, mode.label) for entry in _ENTRIES for mode in entry.modes}
)


def scores_of(entry: EventCode) -> dict[str | None, float]:
    """Return the score of an event type by mode, and under None that without a mode."""
    scores: dict[str | None, float] = {None: entry.score}
    for mode in entry.modes:
        scores[mode.code] = entry.score if mode.score is None else mode.score
    return scores


def quad_of(event_type: str) -> Quad:
    """Return the quad class of an event type; ValueError if there is no such type."""
    return CODEBOOK[EventType(event_type)].quad


def score_of(event_type: str, mode: str | None) -> float:
    """Return the score, -10 (conflict) to +10 (cooperation), of an event type in a mode, if any.

    ValueError if there is no such event type, or if the mode does not belong to it.
    """
    scores = scores_of(CODEBOOK[EventType(event_type)])
    if mode not in scores:
        message = f"{mode!r} is not a mode of {event_type}."
        raise ValueError(message)
    return scores[mode]


def event_types_in(quad: str) -> list[EventType]:
    """Return the event types of a quad class, in the manual's order; ValueError if none such."""
    wanted = Quad(quad)
    return [entry.event_type for entry in _ENTRIES if entry.quad is wanted]
