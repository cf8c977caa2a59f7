from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('policy', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='release',
            name='schema_version',
            field=models.PositiveSmallIntegerField(default=1, help_text='Version of the shape of the records; software of another one refuses them.'),
            preserve_default=False,
        ),
    ]
