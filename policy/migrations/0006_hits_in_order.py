"""Gives the hits of a search in their order, straight from the index."""

from django.db import migrations

from policy import hit_index


class Migration(migrations.Migration):

    dependencies = [
        ('policy', '0005_voices_and_indexes'),
    ]

    operations = [
        migrations.RunPython(hit_index.forwards, hit_index.backwards),
    ]
