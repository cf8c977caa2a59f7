"""The PLOVER codebook that events are coded in, defined in our own words after the 2024 manual."""

from dataclasses import dataclass

from policy.vocabulary import Vocabulary


class Quad(Vocabulary):
    """Whether an event type is cooperation or conflict, and done in words or in deeds."""

    VERBAL_COOPERATION = (
        "verbal_cooperation",
        "The sides draw together in words, with nothing yet done.",
        "Verbal cooperation",
    )
    MATERIAL_COOPERATION = (
        "material_cooperation",
        "The sides draw together in deeds, with a material effect.",
        "Material cooperation",
    )
    VERBAL_CONFLICT = (
        "verbal_conflict",
        "The sides press or oppose each other in words.",
        "Verbal conflict",
    )
    MATERIAL_CONFLICT = (
        "material_conflict",
        "The sides oppose or harm each other in deeds, with a material effect.",
        "Material conflict",
    )


class EventType(Vocabulary):
    """What the actor of an event does or says."""

    AGREE = (
        "AGREE",
        "Accepts, offers or promises to work together. What is agreed has yet to happen.",
        "Agree",
    )
    CONSULT = "CONSULT", "Talks with another side, in person or at a distance.", "Consult"
    SUPPORT = (
        "SUPPORT",
        "Backs another side by word or diplomatic step: praise, recognition, a signed treaty.",
        "Support",
    )
    CONCEDE = "CONCEDE", "Gives ground in words: accepts a demand, eases a rule.", "Concede"
    COOPERATE = "COOPERATE", "Works together or trades in deeds, to mutual gain.", "Cooperate"
    AID = "AID", "Gives material help that mainly serves the recipient, asylum included.", "Aid"
    RETREAT = "RETREAT", "Backs down in deeds, as by pulling out or freeing captives.", "Retreat"
    REQUEST = "REQUEST", "Asks or calls on another side to do something.", "Request"
    REJECT = "REJECT", "Refuses what is asked or proposed, or openly defies a rule.", "Reject"
    ACCUSE = (
        "ACCUSE",
        "Finds fault: criticises another side, says it did wrong, or looks into its conduct.",
        "Accuse",
    )
    THREATEN = (
        "THREATEN",
        "Warns another side of harm to come, often unless it complies. It is not yet done.",
        "Threaten",
    )
    PROTEST = "PROTEST", "Shows dissent by civilians' public action, violent or not.", "Protest"
    SANCTION = (
        "SANCTION",
        "Cuts back normal relations, aid or trade. Formal sanctions are only one form of it.",
        "Sanction",
    )
    MOBILIZE = (
        "MOBILIZE",
        "Moves or readies armed forces or police as a show of strength, without using force.",
        "Mobilize",
    )
    COERCE = (
        "COERCE",
        "Curbs people's rights, freedom or property by power, short of violent attack.",
        "Coerce",
    )
    ASSAULT = (
        "ASSAULT",
        "Uses force on purpose, in a way that can badly hurt people or wreck things.",
        "Assault",
    )


class Context(Vocabulary):
    """What a matter is about."""

    MILITARY = "military", "Armed forces, defence, weapons and warfare.", "Military"
    INTELLIGENCE = "intelligence", "Spying, and the sharing of secret information.", "Intelligence"
    EXECUTIVE = "executive", "Heads of state or government, ministries and policy.", "Executive"
    LEGISLATIVE = "legislative", "Parliaments, their debates, votes and coalitions.", "Legislative"
    ELECTION = "election", "Elections, referendums and the campaigns for them.", "Election"
    POLITICAL_INSTITUTIONS = (
        "political_institutions",
        "How a state is built and run: its constitution, institutions and norms.",
        "Political institutions",
    )
    PRO_DEMOCRACY = "pro_democracy", "Efforts for democracy or more of it.", "Pro-democracy"
    PRO_AUTOCRACY = "pro_autocracy", "Efforts for rule by one or a few.", "Pro-autocracy"
    ECONOMIC = "economic", "Trade, finance, investment, jobs and development.", "Economic"
    LEGAL = "legal", "Law, courts and treaties, human rights apart.", "Legal"
    REPARATIONS = "reparations", "Redress for past wrongs, in money or otherwise.", "Reparations"
    HUMAN_RIGHTS = "human_rights", "Human rights, their protection and abuse.", "Human rights"
    RIGHTS_FREEDOMS = (
        "rights_freedoms",
        "Civil and political liberties such as speech, press, assembly and the vote.",
        "Rights and freedoms",
    )
    REPRESSION = "repression", "A state's putting down of opponents or dissent.", "Repression"
    HUMAN_SECURITY = (
        "human_security",
        "What people need to live: food, water, housing, energy and land.",
        "Human security",
    )
    GENDER = "gender", "Women's rights, and equality between the sexes.", "Gender"
    LGBT = "lgbt", "Lesbian, gay, bisexual and transgender people and their rights.", "LGBT"
    RELIGION_ETHNICITY = (
        "religion_ethnicity",
        "Religions and ethnic groups, and how they live together.",
        "Religion and ethnicity",
    )
    INEQUALITY = "inequality", "Unequal income, wealth or chances among people.", "Inequality"
    DIPLOMATIC = "diplomatic", "Dealings between states: envoys, talks and ties.", "Diplomatic"
    TERRITORY = "territory", "Borders, sovereignty, and who controls land or waters.", "Territory"
    PEACEKEEPING = "peacekeeping", "Missions sent to keep or watch over a peace.", "Peacekeeping"
    HEALTH = "health", "Public health, disease and medical care.", "Health"
    ASYLUM = "asylum", "Refuge sought by, or given to, people in danger at home.", "Asylum"
    MIGRATION = (
        "migration",
        "People on the move, within or across borders, and their removal or return.",
        "Migration",
    )
    DISASTERS = "disasters", "Natural disasters, great accidents and relief.", "Disasters"
    NATURAL_RESOURCE = (
        "natural_resource",
        "Oil, gas, minerals, water, fish or forests, and who uses them.",
        "Natural resource",
    )
    ENVIRONMENT = "environment", "Nature, pollution and climate change.", "Environment"
    TECHNOLOGY = "technology", "Science, new technology and its industries.", "Technology"
    TERRORISM = "terrorism", "Terrorist acts and groups, and the fight against them.", "Terrorism"
    CBRN = "cbrn", "Chemical, biological, radiological and nuclear arms and dangers.", "CBRN"
    CYBER = "cyber", "Attacks on computer networks, crime through them, and defence.", "Cyber"
    MISINFORMATION = "misinformation", "False or misleading information.", "Misinformation"
    CRIME = "crime", "Crime, criminals and gangs, and the policing of them.", "Crime"
    CORRUPTION = "corruption", "Public office turned to private gain.", "Corruption"
    ILLEGAL_DRUGS = "illegal_drugs", "Unlawful drugs, their making and trade.", "Illegal drugs"
    TRAFFICKING = "trafficking", "Illicit trade in people or goods.", "Trafficking"


class Auxiliary(Vocabulary):
    """In which sense an event did not simply happen in the time that the source reports."""

    HISTORICAL = "historical", "It lies in the past and is told as background.", "Historical"
    FUTURE = "future", "It is planned or expected, and has not happened yet.", "Future"
    HYPOTHETICAL = "hypothetical", "It is supposed: it would happen on a condition.", "Hypothetical"
    NEGATION = "negation", "The source says that it did not happen.", "Negation"


class Confidence(Vocabulary):
    """How sure the coder is of the coding of an event."""

    HIGH = "high", "The source's words fit this code and no other as well.", "High"
    MEDIUM = "medium", "This code fits best, yet a careful coder might choose another.", "Medium"
    LOW = "low", "Other codes fit about as well, or the words leave much open.", "Low"


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


_ENTRIES = (
    EventCode(
        EventType.AGREE,
        Quad.VERBAL_COOPERATION,
        2.5,
        note="A visit that is only planned is coded here with auxiliary future, not as CONSULT.",
    ),
    EventCode(
        EventType.CONSULT,
        Quad.VERBAL_COOPERATION,
        2.5,
        (
            ModeCode("visit", "Visit", "The actor travels to the recipient, its host.", 4.0),
            ModeCode("third-party", "Third party", "A third party hosts the meeting."),
            ModeCode("multilateral", "Multilateral", "Several states meet, often in a body."),
            ModeCode("phone", "Phone", "The sides talk by telephone or other remote means."),
        ),
        "A reciprocal meeting lists every side as an actor. "
        "A visit that is only planned is AGREE with auxiliary future.",
    ),
    EventCode(EventType.SUPPORT, Quad.VERBAL_COOPERATION, 5.0),
    EventCode(EventType.CONCEDE, Quad.VERBAL_COOPERATION, 4.5),
    EventCode(
        EventType.COOPERATE,
        Quad.MATERIAL_COOPERATION,
        9.5,
        note="A recipient is required.",
        recipient_required=True,
    ),
    EventCode(
        EventType.AID,
        Quad.MATERIAL_COOPERATION,
        10.0,
        note="A recipient is required.",
        recipient_required=True,
    ),
    EventCode(
        EventType.RETREAT,
        Quad.MATERIAL_COOPERATION,
        6.5,
        (
            ModeCode("withdraw", "Withdraw", "Pulls forces out of an area or gives up territory."),
            ModeCode("release", "Release", "Frees people whom it had captured or imprisoned."),
            ModeCode("disarm", "Disarm", "Gives up weapons or disbands armed units."),
            ModeCode("ceasefire", "Ceasefire", "Stops fighting under a truce that is in effect."),
            ModeCode("access", "Access", "Lets in observers, peacekeepers or relief workers."),
            ModeCode("resign", "Resign", "Leaves public office."),
        ),
    ),
    EventCode(
        EventType.REQUEST,
        Quad.VERBAL_CONFLICT,
        0.0,
        (
            ModeCode("assist", "Assist", "Asks for aid, exchange or closer relations."),
            ModeCode("change", "Change", "Asks for another policy, government or institution."),
            ModeCode("yield", "Yield", "Asks for a concession, such as freed captives or a truce."),
            ModeCode("meet", "Meet", "Asks for a meeting, talks or mediation."),
        ),
    ),
    EventCode(
        EventType.REJECT,
        Quad.VERBAL_CONFLICT,
        -2.0,
        (
            ModeCode("assist", "Assist", "Refuses aid, exchange or closer relations.", -1.5),
            ModeCode("change", "Change", "Refuses to alter policy, government or institutions."),
            ModeCode("yield", "Yield", "Refuses a concession, such as freed captives or a truce."),
            ModeCode("meet", "Meet", "Refuses to meet, negotiate or accept mediation."),
        ),
    ),
    EventCode(
        EventType.ACCUSE,
        Quad.VERBAL_CONFLICT,
        -3.0,
        (
            ModeCode("disapprove", "Disapprove", "Criticises a policy, act or actor.", -2.0),
            ModeCode("investigate", "Investigate", "Inquires into a suspected wrong.", -3.5),
            ModeCode("allege", "Allege", "Says, in court or out, that a wrong was done.", -3.5),
        ),
        "The manual prints the score as 3, its sign lost; it is served as -3.",
    ),
    EventCode(
        EventType.THREATEN,
        Quad.VERBAL_CONFLICT,
        -3.5,
        (
            ModeCode("restrict", "Restrict", "Warns of curbs on moving people or goods.", -3.0),
            ModeCode("arrest", "Arrest", "Warns that people will be arrested or imprisoned."),
            ModeCode("relations", "Relations", "Warns that ties or talks will be broken off."),
            ModeCode("expel", "Expel", "Warns that diplomats, peacekeepers or NGOs must leave."),
            ModeCode("territory", "Territory", "Warns that it will seize or occupy territory."),
            ModeCode("violence", "Violence", "Warns of attack or other physical force."),
        ),
    ),
    EventCode(
        EventType.PROTEST,
        Quad.MATERIAL_CONFLICT,
        -5.0,
        (
            ModeCode("demo", "Demonstration", "Gathers or marches in public, mostly in peace."),
            ModeCode("riot", "Riot", "Acts as a crowd that means to hurt people or do damage."),
            ModeCode("strike", "Strike", "Stops work to press a demand."),
            ModeCode("hunger", "Hunger strike", "Goes without food to press a demand."),
            ModeCode("boycott", "Boycott", "Declines to buy, use or join in something."),
            ModeCode("obstruct", "Obstruct", "Blocks a road, an entrance or other passage."),
            ModeCode("vandalize", "Vandalize", "Defaces or damages property to make a point."),
        ),
    ),
    EventCode(
        EventType.SANCTION,
        Quad.MATERIAL_CONFLICT,
        -6.0,
        (
            ModeCode("convict", "Convict", "Finds the recipient guilty or liable, as a court."),
            ModeCode("expel", "Expel", "Puts a mission or member out of a country or body."),
            ModeCode("withdraw", "Withdraw", "Takes its own envoys, staff or civil means away."),
            ModeCode("discontinue", "Discontinue", "Cuts or ends ties, talks, trade or aid."),
        ),
        "A recipient is required. The manual gives the quad in two ways; "
        "it is served as material conflict.",
        recipient_required=True,
    ),
    EventCode(
        EventType.MOBILIZE,
        Quad.MATERIAL_CONFLICT,
        -5.5,
        (
            ModeCode("troops", "Troops", "Moves soldiers or units, or puts them on alert."),
            ModeCode("weapons", "Weapons", "Makes weapons systems ready for use."),
            ModeCode("police", "Police", "Deploys police or security units, or alerts them."),
            ModeCode("militia", "Militia", "Calls up or moves irregular armed groups."),
        ),
    ),
    EventCode(
        EventType.COERCE,
        Quad.MATERIAL_CONFLICT,
        -7.0,
        (
            ModeCode("seize", "Seize", "Takes over property against its holder's will."),
            ModeCode("restrict", "Restrict", "Limits political freedoms or movement."),
            ModeCode("censor", "Censor", "Suppresses or blocks what people publish or read."),
            ModeCode("curfew", "Curfew", "Orders people off the streets for set hours."),
            ModeCode("martial-law", "Martial law", "Declares emergency or military rule."),
            ModeCode("arrest", "Arrest", "Detains people or brings charges against them."),
            ModeCode("deport", "Deport", "Makes individuals leave the country."),
            ModeCode("withhold", "Withhold", "Keeps back power, water, food or medicine."),
            ModeCode("misinformation", "Misinformation", "Spreads falsehoods to gain or harm."),
            ModeCode("cyber", "Cyber", "Breaks into or disrupts computers or networks."),
        ),
    ),
    EventCode(
        EventType.ASSAULT,
        Quad.MATERIAL_CONFLICT,
        -9.0,
        (
            ModeCode("abduct", "Abduct", "Kidnaps people or hijacks a vehicle they are in."),
            ModeCode("beat", "Beat", "Hurts people by blows or other bodily attack."),
            ModeCode("torture", "Torture", "Inflicts severe pain on people in its power."),
            ModeCode("sexual", "Sexual", "Commits rape or other sexual violence."),
            ModeCode("targeted", "Targeted", "Kills, or tries to kill, a chosen person."),
            ModeCode("destroy", "Destroy", "Wrecks buildings or other property."),
            ModeCode("primitive", "Primitive", "Attacks with blades, stones, clubs or fire."),
            ModeCode("firearms", "Firearms", "Attacks with guns that one person can carry."),
            ModeCode("explosives", "Explosives", "Sets off mines, car bombs or the like."),
            ModeCode("suicide-attack", "Suicide attack", "Attacks by a means that kills oneself."),
            ModeCode("aerial", "Aerial", "Attacks from aircraft other than drones."),
            ModeCode("drone", "Drone", "Attacks with uncrewed aircraft."),
            ModeCode("heavy-weapons", "Heavy weapons", "Attacks with artillery, tanks or such."),
            ModeCode("crowd-control", "Crowd control", "Uses tear gas, batons or such on a crowd."),
            ModeCode(
                "unconventional", "Unconventional", "Attacks with poison, germs or nuclear arms."
            ),
        ),
    ),
)

CODEBOOK: dict[EventType, EventCode] = {entry.event_type: entry for entry in _ENTRIES}

MODE_CHOICES: list[tuple[str, str]] = sorted(
    {(mode.code, mode.label) for entry in _ENTRIES for mode in entry.modes}
)


def quad_of(event_type: str) -> Quad:
    """Return the quad class of an event type; ValueError if there is no such type."""
    return CODEBOOK[EventType(event_type)].quad


def score_of(event_type: str, mode: str | None) -> float:
    """Return the score, -10 (conflict) to +10 (cooperation), of an event type in a mode, if any.

    ValueError if there is no such event type, or if the mode does not belong to it.
    """
    entry = CODEBOOK[EventType(event_type)]
    if mode is None:
        return entry.score
    for known in entry.modes:
        if known.code == mode:
            return entry.score if known.score is None else known.score
    message = f"{mode!r} is not a mode of {entry.event_type.value}."
    raise ValueError(message)


def event_types_in(quad: str) -> list[EventType]:
    """Return the event types of a quad class, in the manual's order; ValueError if none such."""
    wanted = Quad(quad)
    return [entry.event_type for entry in _ENTRIES if entry.quad is wanted]
