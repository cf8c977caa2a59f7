"""Every record of the dataset, in the order in which all layers list them."""

from policy.models.actors import Country, Identifier, Official, Organisation, Position
from policy.models.changes import Change, PublishedRelease
from policy.models.claims import Check
from policy.models.codes import Code
from policy.models.events import Event, EventContext, EventOrder, EventParty
from policy.models.issues import Account, BilateralIssue, Figure, IssueSide
from policy.models.relations import Relation
from policy.models.releases import Gap, Release
from policy.models.renamings import Renaming
from policy.models.search import SearchEntry
from policy.models.sources import Passage, PassageText, Sentence, Source
from policy.models.state import StateMark
from policy.models.statements import Concern, Statement
from policy.models.trips import Stop, Trip

__all__ = [
    "Account",
    "BilateralIssue",
    "Change",
    "Check",
    "Code",
    "Concern",
    "Country",
    "Event",
    "EventContext",
    "EventOrder",
    "EventParty",
    "Figure",
    "Gap",
    "Identifier",
    "IssueSide",
    "Official",
    "Organisation",
    "Passage",
    "PassageText",
    "Position",
    "PublishedRelease",
    "Relation",
    "Release",
    "Renaming",
    "SearchEntry",
    "Sentence",
    "Source",
    "StateMark",
    "Statement",
    "Stop",
    "Trip",
]
