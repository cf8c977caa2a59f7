"""What the layout of pages asks of the models, which are loaded later than the layout is."""

from django import template

from api.addresses import local
from api.html.layout import in_words
from policy.models.registry import list_name, served_models

register = template.Library()


@register.simple_tag
def lists() -> list[tuple[str, str]]:
    """Return the name and the address of each list."""
    names = [*map(list_name, served_models().values()), "dyads"]
    return [(in_words(name), local(f"/api/v1/{name}")) for name in names]
