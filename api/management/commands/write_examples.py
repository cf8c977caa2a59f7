"""Rewrites the examples of the schema from the loaded release."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from api.examples import PATH, collect
from api.schema import generated_schema


class Command(BaseCommand):
    """Asks the API itself for an example of everything."""

    help = "Write api/examples.json from the loaded release."

    def handle(self, *args: Any, **options: Any) -> None:
        """Collect everything before anything is written."""
        text = json.dumps(collect(generated_schema()), ensure_ascii=False, indent=1) + "\n"
        PATH.write_text(text)
        self.stdout.write(f"{PATH.name} written")
