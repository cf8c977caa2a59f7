"""Rows found by looking each one up, in place of gathering the keys of all of them before."""

from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.lookups import In
from django.db.models.sql import Query
from django.db.models.sql.where import WhereNode


def looked_up(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the same rows, with each ``pk IN (subquery)`` as ``EXISTS`` of that subquery's row."""
    found = rows.all()
    found.query.where = _looked_up(found.query.where, found.query)
    return found


def _looked_up(node: WhereNode, query: Query) -> WhereNode:
    def changed(child: Any) -> Any:
        if isinstance(child, WhereNode):
            return _looked_up(child, query)
        return _exists(child.rhs, query) if _gathers(child, query) else child

    return WhereNode([*map(changed, node.children)], node.connector, node.negated)


def _gathers(child: Any, query: Query) -> bool:
    """Return whether a condition compares the key of a row with those that a subquery finds."""
    return (
        isinstance(child, In)
        and isinstance(child.rhs, Query)
        and not child.rhs.is_sliced
        and getattr(child.lhs, "target", None) is query.model._meta.pk  # type: ignore[union-attr]
        and child.lhs.alias == query.get_initial_alias()
    )


def _exists(keys: Query, query: Query) -> Any:
    """Return the condition that one of some keys, or of those that they unite, is that of a row."""
    parts = keys.combined_queries if keys.combinator == "union" else (keys,)
    exist = [Exists(_of_row(part)) for part in parts]
    return reduce(or_, map(Q, exist)).resolve_expression(query)


def _of_row(keys: Query) -> QuerySet[Any]:
    rows: QuerySet[Any] = QuerySet(keys.model, query=keys.chain())
    (name,) = keys.values_select or keys.annotation_select
    return rows.filter(**{name: OuterRef("pk")})
