"""Rewrites the examples of the schema from the loaded release."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from api.examples import collect
from api.schema import EXAMPLES


class Command(BaseCommand):
    """Asks the API itself for an example of everything."""

    help = "Write api/examples.json from the loaded release."

    def handle(self, *args: Any, **options: Any) -> None:
        """Collect everything before anything is written."""
        text = json.dumps(collect(), ensure_ascii=False, indent=1) + "\n"
        EXAMPLES.write_text(text)
        self.stdout.write(f"{EXAMPLES.name} written")
