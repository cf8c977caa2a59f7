"""Gives the hits of a search in their order, straight from the index."""

from django.db import migrations

from policy import hit_index


class Migration(migrations.Migration):

    dependencies = [
        ('policy', '0006_voices_of_loaded_statements'),
    ]

    operations = [
        migrations.RunPython(hit_index.forwards, hit_index.backwards),
    ]
