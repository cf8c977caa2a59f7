"""Voices for the statements that a database held before there were any.

Until a release is loaded anew, the questions that voices answer would otherwise find nothing.
"""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

CHUNK = 1000
"""How many statements are held at a time."""


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the voices that are missing, as the build makes them."""
    database = schema_editor.connection.alias
    voice: Any = apps.get_model("policy", "Voice")
    statements = (
        apps.get_model("policy", "Statement")
        .objects.using(database)
        .order_by("pk")
        .filter(voices__isnull=True)
        .select_related("speaker")
        .prefetch_related("about")
    )
    made = []
    for statement in statements.iterator(chunk_size=CHUNK):
        served = statement.speaker.country_id if statement.speaker else None
        countries = {country.pk for country in statement.about.all()}
        for country in sorted({*countries, statement.attributed_country_id, served} - {None}):
            key = f"{statement.pk}-{country.lower()}"
            made.append(
                voice(id=key, statement=statement, country_id=country, topic=statement.topic)
            )
    voice.objects.using(database).bulk_create(made, batch_size=CHUNK)


class Migration(migrations.Migration):

    dependencies = [
        ('policy', '0005_voices_and_indexes'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
