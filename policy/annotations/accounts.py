"""Accounts: which of those that sources give of an issue is the newest."""

from collections import defaultdict
from datetime import date

from policy.annotations.reading import Draft, Entry
from policy.models import Account, Source

Bounds = tuple[date, date]
"""The last and the first day of an uncertain time, in the order that times are compared in."""


def mark_current(draft: Draft) -> None:
    """Mark the newest account of each issue among those with a status as its current one.

    An account is as new as its own time, else as the publication of its source. Where that leaves
    open which is the newest, an error is added to the draft.
    """
    published = {one.key: _bounds(one, "published") for one in draft.of(Source)}
    rivals: dict[object, list[Entry]] = defaultdict(list)
    for account in draft.of(Account):
        account.fields.pop("current_for", None)
        if account.fields.get("status"):
            rivals[account.fields["issue"]].append(account)
    for issue, accounts in rivals.items():
        if len(accounts) == 1:
            accounts[0].fields["current_for"] = issue
            continue
        times = [
            _bounds(one, "time") or published.get(str(one.fields["source"])) for one in accounts
        ]
        # Two that may be of one day cannot be told apart.
        newest, before = sorted(times, key=lambda time: time or (date.max, date.max))[:-3:-1]
        if newest and before and newest[1] > before[0]:
            accounts[times.index(newest)].fields["current_for"] = issue
            continue
        where = accounts[times.index(newest)].where
        draft.errors.append(
            f"{where}: time_earliest, time_latest: which account of {issue} is the newest "
            "cannot be told: give each days of its own, or its source days of publication, of "
            "which those of the newest come after all others"
        )


def _bounds(entry: Entry, name: str) -> Bounds | None:
    """Return the last and first day of an entry's time; None where there is none or no day."""
    latest, earliest = (entry.fields.get(f"{name}_{end}") for end in ("latest", "earliest"))
    return (latest, earliest) if type(latest) is type(earliest) is date else None
