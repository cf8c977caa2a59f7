"""The schema of records of version 2, as Django generates it, and the indexes it cannot generate.

Databases of version 1.0 have ``0001_initial`` on record, so this migration has another name: Django
would take it for applied. Their tables are not migrated; see "From version 1.0" in
docs/operations.md.
"""

from django.core.management.base import CommandError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import migrations, models

from policy.models.actors import Alpha3
from policy.models.base import (
    Key,
    LongText,
    Text,
    agreement_of_coders,
    country_codes,
    list_of_texts,
    moment_in_utc,
    numbers_by_name,
)
from policy.search.index import Words

SHA256 = RegexValidator('\\A[0-9a-f]{64}\\Z', 'Write a SHA-256 digest: 64 lower-case hex digits.')
SUPPORT = [
    ('stated', 'Stated'), ('inferred', 'Inferred'), ('ambiguous', 'Ambiguous'),
    ('reference', 'Reference'),
]
PRECISION = [
    ('day', 'Day'), ('week', 'Week'), ('month', 'Month'), ('year', 'Year'), ('range', 'Range'),
    ('period', 'Period'),
]
CONTEXTS = [
    ('military', 'Military'), ('intelligence', 'Intelligence'), ('executive', 'Executive'),
    ('legislative', 'Legislative'), ('election', 'Election'),
    ('political_institutions', 'Political institutions'), ('pro_democracy', 'Pro-democracy'),
    ('pro_autocracy', 'Pro-autocracy'), ('economic', 'Economic'), ('legal', 'Legal'),
    ('reparations', 'Reparations'), ('human_rights', 'Human rights'),
    ('rights_freedoms', 'Rights and freedoms'), ('repression', 'Repression'),
    ('human_security', 'Human security'), ('gender', 'Gender'), ('lgbt', 'LGBT'),
    ('religion_ethnicity', 'Religion and ethnicity'), ('inequality', 'Inequality'),
    ('diplomatic', 'Diplomatic'), ('territory', 'Territory'), ('peacekeeping', 'Peacekeeping'),
    ('health', 'Health'), ('asylum', 'Asylum'), ('migration', 'Migration'),
    ('disasters', 'Disasters'), ('natural_resource', 'Natural resource'),
    ('environment', 'Environment'), ('technology', 'Technology'), ('terrorism', 'Terrorism'),
    ('cbrn', 'CBRN'), ('cyber', 'Cyber'), ('misinformation', 'Misinformation'), ('crime', 'Crime'),
    ('corruption', 'Corruption'), ('illegal_drugs', 'Illegal drugs'),
    ('trafficking', 'Trafficking'),
]
RECORD_KINDS = [
    ('country', 'Country'), ('official', 'Official'), ('organisation', 'Organisation'),
    ('statement', 'Statement'), ('bilateral-issue', 'Bilateral issue'), ('event', 'Event'),
    ('trip', 'Trip'), ('source', 'Source'), ('passage', 'Passage'), ('gap', 'Gap'),
    ('relation', 'Relation'), ('check', 'Check'),
]
TRIP_STATUS = [
    ('planned', 'Planned'), ('underway', 'Underway'), ('completed', 'Completed'),
    ('cancelled', 'Cancelled'),
]

FULL_TEXT_INDEX = {
    # FTS5's documented external-content table: it stores no words, and triggers keep it current.
    # The words come folded from the build, those of titles marked, so nothing is tokenised but
    # at spaces; and no query asks for positions.
    'sqlite': [
        """CREATE VIRTUAL TABLE machinery_searchindex USING fts5(
            words, content = 'machinery_searchentry', content_rowid = 'id',
            tokenize = 'ascii', detail = none)""",
        """CREATE TRIGGER machinery_searchentry_added AFTER INSERT ON machinery_searchentry BEGIN
            INSERT INTO machinery_searchindex (rowid, words) VALUES (new.id, new.words);
        END""",
        """CREATE TRIGGER machinery_searchentry_removed AFTER DELETE ON machinery_searchentry BEGIN
            INSERT INTO machinery_searchindex (machinery_searchindex, rowid, words)
                VALUES ('delete', old.id, old.words);
        END""",
        """CREATE TRIGGER machinery_searchentry_changed AFTER UPDATE ON machinery_searchentry BEGIN
            INSERT INTO machinery_searchindex (machinery_searchindex, rowid, words)
                VALUES ('delete', old.id, old.words);
            INSERT INTO machinery_searchindex (rowid, words) VALUES (new.id, new.words);
        END""",
    ],
    # A stored column, because the planner takes the functions that split words for free and would
    # rather call them for every row than use an index over them. The kind is among the words, so
    # that the hits of a kind are counted from the index alone.
    'postgresql': [
        """ALTER TABLE machinery_searchentry ADD COLUMN found_by tsvector NOT NULL
            GENERATED ALWAYS AS (array_to_tsvector(array_remove(
                string_to_array(words || ' §§' || kind, ' '), ''))) STORED""",
        'CREATE INDEX machinery_searchentry_found_by ON machinery_searchentry USING gin (found_by)',
        """COMMENT ON COLUMN machinery_searchentry.found_by IS
            'The words and the kind, as the index holds them.'""",
    ],
}
NO_FULL_TEXT_INDEX = {
    'sqlite': [
        'DROP TRIGGER machinery_searchentry_changed',
        'DROP TRIGGER machinery_searchentry_removed',
        'DROP TRIGGER machinery_searchentry_added',
        'DROP TABLE machinery_searchindex',
    ],
    'postgresql': ['ALTER TABLE machinery_searchentry DROP COLUMN found_by'],
}


def refuse_other_tables(apps, schema_editor):
    """Raise CommandError where the database holds tables of another version."""
    if 'policy_release' in schema_editor.connection.introspection.table_names():
        raise CommandError(
            'This database was made by version 1.0, and its tables cannot be migrated. Make a new, '
            'empty database, name it in DATABASE_URL, and run manage.py migrate and load_release '
            'there: a release holds all the data. See "From version 1.0" in docs/operations.md.'
        )


def execute(statements):
    """Return the function of RunPython that executes the statements of the engine at hand."""
    def run(apps, schema_editor):
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement, params=None)
    return run


def unwatch_tables(apps, schema_editor):
    """Drop the triggers that policy/release/state.py creates once the tables are there."""
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == 'postgresql':
            cursor.execute('DROP FUNCTION policy_note_write CASCADE')
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_noted'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TRIGGER {name}')


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.RunPython(refuse_other_tables, migrations.RunPython.noop),
        migrations.CreateModel(
            name='Code',
            fields=[
                ('id', Key(help_text='Slug of the vocabulary, of the event type for a mode, and of the code.', max_length=120, primary_key=True, serialize=False)),
                ('vocabulary', Text(help_text='Name of the vocabulary, such as event_type.', max_length=60)),
                ('place', models.PositiveSmallIntegerField(help_text='Place in the order of the vocabulary, from 1.')),
                ('code', Text(help_text='The code, as records have it.', max_length=60)),
                ('event_type', Text(blank=True, help_text='Event type that a mode belongs to; null for any other code.', max_length=20, null=True)),
                ('label', Text(help_text='What to call it.', max_length=100)),
                ('definition', LongText(help_text='What it means, in our words.')),
                ('quad', Text(blank=True, choices=[('verbal_cooperation', 'Verbal cooperation'), ('material_cooperation', 'Material cooperation'), ('verbal_conflict', 'Verbal conflict'), ('material_conflict', 'Material conflict')], help_text='Quad class of an event type or mode; null for any other code.', max_length=20, null=True)),
                ('score', models.FloatField(blank=True, help_text='PLOVER score of an event type or mode, -10 (conflict) to +10 (cooperation); null for any other code.', null=True, validators=[MinValueValidator(-10), MaxValueValidator(10)])),
                ('source', Text(blank=True, help_text='Manual and commit that the code is from; null for a code of our own.', max_length=200, null=True)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('event_type__isnull', True)), fields=('vocabulary', 'code'), name='policy_code_once'), models.UniqueConstraint(fields=('vocabulary', 'code', 'event_type'), name='policy_code_mode_once')],
            },
        ),
        migrations.CreateModel(
            name='BilateralIssue',
            fields=[
                ('id', Key(help_text='Slug of the issue, stable for good.', max_length=120, primary_key=True, serialize=False)),
                ('title', Text(help_text='What the matter is, in a few words.', max_length=200)),
                ('topic', Text(choices=CONTEXTS, help_text='The subject, as a PLOVER context.', max_length=22)),
            ],
            options={
                'verbose_name_plural': 'bilateral issues',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Country',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('id', Alpha3(help_text='ISO 3166-1 alpha-3 code, for a former state that of ISO 3166-3; XKX for Kosovo.', max_length=3, primary_key=True, serialize=False)),
                ('alpha2', Text(blank=True, help_text="ISO 3166-1 alpha-2 code; null for a former state, whose code may be another's now.", max_length=2, null=True, unique=True, validators=[RegexValidator('\\A[A-Z]{2}\\Z', 'Write an ISO 3166-1 alpha-2 code.')])),
                ('numeric', Text(blank=True, help_text='ISO 3166-1 numeric code, which is also the M49 code: three digits; null where there is none.', max_length=3, null=True, unique=True, validators=[RegexValidator('\\A[0-9]{3}\\Z', 'Write 3 digits.')])),
                ('name', Text(help_text='Short English name, after ISO 3166.', max_length=100)),
                ('other_names', models.JSONField(blank=True, default=list, help_text='Other English names: the official, common and former ones.', validators=[list_of_texts])),
                ('region', Text(blank=True, help_text='UN M49 code of the region; null for Antarctica.', max_length=3, null=True, validators=[RegexValidator('\\A[0-9]{3}\\Z', 'Write 3 digits.')])),
                ('region_name', Text(blank=True, help_text='Name of the M49 region; may be null.', max_length=60, null=True)),
                ('subregion', Text(blank=True, help_text='UN M49 code of the smallest area the country is listed under; may be null.', max_length=3, null=True, validators=[RegexValidator('\\A[0-9]{3}\\Z', 'Write 3 digits.')])),
                ('subregion_name', Text(blank=True, help_text='Name of that M49 area; may be null.', max_length=60, null=True)),
                ('cow', models.PositiveSmallIntegerField(blank=True, help_text='Correlates of War state number; null for what is not in its state system.', null=True, unique=True)),
                ('cow_code', Text(blank=True, help_text='Correlates of War state abbreviation; null as the number is.', max_length=3, null=True)),
                ('longitude', models.FloatField(blank=True, help_text='Longitude of a representative point, in degrees (WGS 84); null when not known.', null=True, validators=[MinValueValidator(-180), MaxValueValidator(180)])),
                ('latitude', models.FloatField(blank=True, help_text='Latitude of a representative point, in degrees (WGS 84); null when not known.', null=True, validators=[MinValueValidator(-90), MaxValueValidator(90)])),
                ('existed_from', models.PositiveSmallIntegerField(blank=True, help_text='First year of a former state; null for a present one.', null=True)),
                ('existed_until', models.PositiveSmallIntegerField(blank=True, help_text='Last year of a former state; null for a present one.', null=True)),
                ('successors', models.JSONField(blank=True, default=list, help_text='Alpha-3 codes of the states that followed a former one.', validators=[list_of_texts, country_codes])),
                ('aliases', models.JSONField(blank=True, default=list, help_text='The words the sources use for the country, as they spell them.', validators=[list_of_texts])),
            ],
            options={
                'verbose_name_plural': 'countries',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Passage',
            fields=[
                ('start', models.PositiveIntegerField(blank=True, help_text="Offset of the first code point within the source's text, from 0; null for an entry of a register.", null=True)),
                ('end', models.PositiveIntegerField(blank=True, help_text="Offset just after the last code point within the source's text; null for an entry of a register.", null=True)),
                ('sha256', Text(help_text='SHA-256 of the exact span in UTF-8, or of the fields of an entry that were used, as canonical JSON; in lower-case hex.', max_length=64, validators=[SHA256])),
                ('id', Key(help_text='Slug of the sentence and the offsets, such as article-1-p1s3-367-373, or of the register and the entry, such as us-travels-4281.', max_length=120, primary_key=True, serialize=False)),
                ('entry', Text(blank=True, help_text="The entry's own id in its register, with the file it stands in where ids are those of files; null for a span of a text.", max_length=200, null=True)),
                ('quote', Text(blank=True, help_text='The phrase that carries the fact: at most 12 words. Null for an entry of which no words are needed.', max_length=200, null=True)),
            ],
            options={
                'ordering': ['source_id', models.OrderBy(models.F('start'), nulls_last=True), models.OrderBy(models.F('end'), nulls_last=True), 'id'],
            },
        ),
        migrations.CreateModel(
            name='PublishedRelease',
            fields=[
                ('id', Text(help_text='Version of the release: major.minor.patch.', max_length=20, primary_key=True, serialize=False, validators=[RegexValidator('\\A\\d+\\.\\d+\\.\\d+\\Z', 'Write a version such as 1.0.0.')])),
                ('place', models.PositiveSmallIntegerField(help_text='Place in the order of the versions, from 1.', unique=True)),
                ('released', models.DateTimeField(help_text='When it was released (ISO 8601, UTC).', validators=[moment_in_utc])),
                ('schema_version', models.PositiveSmallIntegerField(help_text='Version of the shape of its records.')),
                ('previous', Text(blank=True, help_text='Version of the release before it; null for the first.', max_length=20, null=True, validators=[RegexValidator('\\A\\d+\\.\\d+\\.\\d+\\Z', 'Write a version such as 1.0.0.')])),
                ('content_hash', Text(blank=True, help_text='SHA-256 over every record of the release in canonical JSON; null for the release that holds this very record.', max_length=64, null=True, validators=[SHA256])),
                ('note', LongText(help_text='What is new in it, in our words.')),
            ],
            options={
                'verbose_name': 'release',
                'ordering': ['place', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', Key(help_text='Slug of the dataset; every release of it has the same.', max_length=120, primary_key=True, serialize=False)),
                ('version', Text(help_text='Version of the dataset: major.minor.patch.', max_length=20, validators=[RegexValidator('\\A\\d+\\.\\d+\\.\\d+\\Z', 'Write a version such as 1.0.0.')])),
                ('title', Text(help_text='Name of the dataset.', max_length=200)),
                ('licence', Text(help_text="SPDX identifier of the dataset's licence.", max_length=50)),
                ('released', models.DateTimeField(help_text='When this version was released (ISO 8601, UTC).', validators=[moment_in_utc])),
                ('schema_version', models.PositiveSmallIntegerField(help_text='Version of the shape of the records; software of another one refuses them.')),
                ('content_hash', Text(help_text='SHA-256 over every record of the release in canonical JSON.', max_length=64, validators=[SHA256])),
                ('counts', models.JSONField(help_text='Number of records of each kind.', validators=[numbers_by_name])),
                ('coding_agreement', models.JSONField(blank=True, help_text='How far two coders of a source agreed; null if none was coded twice.', null=True, validators=[agreement_of_coders])),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Sentence',
            fields=[
                ('start', models.PositiveIntegerField(help_text="Offset of the first code point within the source's text, from 0.")),
                ('end', models.PositiveIntegerField(help_text="Offset just after the last code point within the source's text.")),
                ('sha256', Text(help_text='SHA-256 of the exact span in UTF-8, in lower-case hex.', max_length=64, validators=[SHA256])),
                ('id', Key(help_text='Slug of source, paragraph and sentence, such as article-1-p1s3.', max_length=120, primary_key=True, serialize=False)),
                ('paragraph', models.PositiveIntegerField(help_text='Number of the paragraph, from 1.')),
                ('number', models.PositiveIntegerField(help_text='Number of the sentence within its paragraph, from 1.')),
                ('uncited_reason', LongText(blank=True, help_text='Why no fact rests on this sentence; null when at least one does.', null=True)),
            ],
            options={
                'ordering': ['source_id', 'start', 'id'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('end__gt', models.F('start'))), name='policy_sentence_span', violation_error_message='The end of a span must come after its start.'),
                ],
            },
        ),
        migrations.CreateModel(
            name='StateMark',
            fields=[
                ('mark', models.BigIntegerField(help_text='A random number, never used again.', primary_key=True, serialize=False)),
                ('digest', Text(blank=True, help_text='SHA-256 of the release and of the attached texts; null if something else was written.', max_length=64, null=True, validators=[SHA256])),
            ],
            options={
                'db_table': 'machinery_statemark',
                'ordering': ['mark'],
            },
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('time_text', Text(blank=True, help_text="The source's own words for the time; null when it gives none.", max_length=200, null=True)),
                ('time_earliest', models.DateField(blank=True, help_text='The first day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_latest', models.DateField(blank=True, help_text='The last day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_precision', Text(blank=True, choices=PRECISION, help_text='How finely the time is known; null when no days are given.', max_length=6, null=True)),
                ('time_year_inferred', models.BooleanField(default=False, help_text='True when the source names no year for the time and it was concluded from elsewhere in it.')),
                ('id', Key(help_text='Slug of the issue and the source.', max_length=200, primary_key=True, serialize=False)),
                ('summary', LongText(help_text='What the source says of the issue, in our words.')),
                ('status', Text(blank=True, choices=[('raised', 'Raised'), ('contested', 'Contested'), ('not_permitted', 'Not permitted'), ('under_discussion', 'Under discussion'), ('proposed', 'Proposed'), ('exploring', 'Exploring'), ('easing', 'Easing'), ('conceded', 'Conceded'), ('cooperative', 'Cooperative'), ('agreed', 'Agreed'), ('settled', 'Settled')], help_text='Where the issue stands; null when the source does not say.', max_length=16, null=True)),
                ('current_for', models.OneToOneField(blank=True, help_text='The issue again if this is its newest account that tells a status, derived by the build; else null.', null=True, on_delete=models.CASCADE, related_name='current', to='policy.bilateralissue')),
                ('issue', models.ForeignKey(help_text='Slug of the issue.', on_delete=models.CASCADE, related_name='accounts', to='policy.bilateralissue')),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
            ],
            options={
                'ordering': ['issue_id', 'id'],
                'abstract': False,
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('time_earliest__isnull', True), ('time_latest__isnull', True), ('time_precision__isnull', True), ('time_year_inferred', False)), models.Q(('time_earliest__isnull', False), ('time_latest__gte', models.F('time_earliest')), ('time_precision__isnull', False)), _connector='OR'), name='policy_account_time', violation_error_message='Give the earliest day, the latest day (not before it) and the precision together, or none of them.'),
                    models.CheckConstraint(condition=models.Q(('time_precision__isnull', True), models.Q(('time_precision', 'day'), _negated=True), ('time_latest', models.F('time_earliest')), _connector='OR'), name='policy_account_time_day', violation_error_message='Precision day means one day: give the same earliest and latest day, or another precision.'),
                    models.CheckConstraint(condition=models.Q(('current_for__isnull', True), ('current_for', models.F('issue')), _connector='OR'), name='policy_account_current', violation_error_message='An account can be current for its own issue alone.'),
                ],
            },
        ),
        migrations.AddField(
            model_name='bilateralissue',
            name='countries',
            field=models.ManyToManyField(help_text='The two countries, as alpha-3.', related_name='issues', to='policy.country'),
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('time_text', Text(blank=True, help_text="The source's own words for the time; null when it gives none.", max_length=200, null=True)),
                ('time_earliest', models.DateField(blank=True, help_text='The first day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_latest', models.DateField(blank=True, help_text='The last day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_precision', Text(blank=True, choices=PRECISION, help_text='How finely the time is known; null when no days are given.', max_length=6, null=True)),
                ('time_year_inferred', models.BooleanField(default=False, help_text='True when the source names no year for the time and it was concluded from elsewhere in it.')),
                ('id', Key(help_text='Slug of the event, stable for good.', max_length=120, primary_key=True, serialize=False)),
                ('summary', LongText(help_text='What happened, in our words.')),
                ('event_type', Text(blank=True, choices=[('AGREE', 'Agree'), ('CONSULT', 'Consult'), ('SUPPORT', 'Support'), ('CONCEDE', 'Concede'), ('COOPERATE', 'Cooperate'), ('AID', 'Aid'), ('RETREAT', 'Retreat'), ('REQUEST', 'Request'), ('REJECT', 'Reject'), ('ACCUSE', 'Accuse'), ('THREATEN', 'Threaten'), ('PROTEST', 'Protest'), ('SANCTION', 'Sanction'), ('MOBILIZE', 'Mobilize'), ('COERCE', 'Coerce'), ('ASSAULT', 'Assault')], help_text='PLOVER event type; null where coding would invent.', max_length=9, null=True)),
                ('mode', Text(blank=True, choices=[('abduct', 'Abduct'), ('access', 'Access'), ('aerial', 'Aerial'), ('allege', 'Allege'), ('arrest', 'Arrest'), ('assist', 'Assist'), ('beat', 'Beat'), ('boycott', 'Boycott'), ('ceasefire', 'Ceasefire'), ('censor', 'Censor'), ('change', 'Change'), ('convict', 'Convict'), ('crowd-control', 'Crowd control'), ('curfew', 'Curfew'), ('cyber', 'Cyber'), ('demo', 'Demonstration'), ('deport', 'Deport'), ('destroy', 'Destroy'), ('disapprove', 'Disapprove'), ('disarm', 'Disarm'), ('discontinue', 'Discontinue'), ('drone', 'Drone'), ('expel', 'Expel'), ('explosives', 'Explosives'), ('firearms', 'Firearms'), ('heavy-weapons', 'Heavy weapons'), ('hunger', 'Hunger strike'), ('investigate', 'Investigate'), ('martial-law', 'Martial law'), ('meet', 'Meet'), ('militia', 'Militia'), ('misinformation', 'Misinformation'), ('multilateral', 'Multilateral'), ('obstruct', 'Obstruct'), ('phone', 'Phone'), ('police', 'Police'), ('primitive', 'Primitive'), ('relations', 'Relations'), ('release', 'Release'), ('resign', 'Resign'), ('restrict', 'Restrict'), ('riot', 'Riot'), ('seize', 'Seize'), ('sexual', 'Sexual'), ('strike', 'Strike'), ('suicide-attack', 'Suicide attack'), ('targeted', 'Targeted'), ('territory', 'Territory'), ('third-party', 'Third party'), ('torture', 'Torture'), ('troops', 'Troops'), ('unconventional', 'Unconventional'), ('vandalize', 'Vandalize'), ('violence', 'Violence'), ('visit', 'Visit'), ('weapons', 'Weapons'), ('withdraw', 'Withdraw'), ('withhold', 'Withhold'), ('yield', 'Yield')], help_text='PLOVER mode of the event type; null when none applies.', max_length=20, null=True)),
                ('auxiliary', Text(blank=True, choices=[('historical', 'Historical'), ('future', 'Future'), ('hypothetical', 'Hypothetical'), ('negation', 'Negation')], help_text='Whether the event is past, planned, supposed or denied; null when it is none.', max_length=12, null=True)),
                ('confidence', Text(blank=True, choices=[('high', 'High'), ('medium', 'Medium'), ('low', 'Low')], help_text='How sure the coder is of the event type; null when there is none.', max_length=6, null=True)),
                ('alternatives', models.JSONField(blank=True, default=list, help_text='Other codes a careful coder might choose, as TYPE or TYPE/mode.', validators=[list_of_texts])),
                ('rationale', LongText(blank=True, help_text='Why it is coded so, in our words; null when plain.', null=True)),
                ('uncoded_reason', LongText(blank=True, help_text='Why there is no event type; null when there is one.', null=True)),
                ('place_text', Text(blank=True, help_text="The source's words for where it happened; null when it has none.", max_length=200, null=True)),
                ('issues', models.ManyToManyField(blank=True, help_text='Slugs of the bilateral issues it belongs to.', related_name='events', to='policy.bilateralissue')),
                ('place_country', models.ForeignKey(blank=True, help_text='The country it happened in, as alpha-3; null when not stated.', null=True, on_delete=models.PROTECT, related_name='events_in', to='policy.country')),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('time_earliest__isnull', True), ('time_latest__isnull', True), ('time_precision__isnull', True), ('time_year_inferred', False)), models.Q(('time_earliest__isnull', False), ('time_latest__gte', models.F('time_earliest')), ('time_precision__isnull', False)), _connector='OR'), name='policy_event_time', violation_error_message='Give the earliest day, the latest day (not before it) and the precision together, or none of them.'),
                    models.CheckConstraint(condition=models.Q(('time_precision__isnull', True), models.Q(('time_precision', 'day'), _negated=True), ('time_latest', models.F('time_earliest')), _connector='OR'), name='policy_event_time_day', violation_error_message='Precision day means one day: give the same earliest and latest day, or another precision.'),
                    models.CheckConstraint(condition=models.Q(models.Q(('confidence__isnull', False), ('event_type__isnull', False), ('uncoded_reason__isnull', True)), models.Q(('confidence__isnull', True), ('event_type__isnull', True), ('mode__isnull', True), ('uncoded_reason__isnull', False)), _connector='OR'), name='policy_event_coded_or_not', violation_error_message='Give event_type with confidence, or uncoded_reason without either or a mode.'),
                    models.CheckConstraint(condition=models.Q(('mode__isnull', True), models.Q(('event_type', 'CONSULT'), ('mode__in', ['visit', 'third-party', 'multilateral', 'phone'])), models.Q(('event_type', 'RETREAT'), ('mode__in', ['withdraw', 'release', 'disarm', 'ceasefire', 'access', 'resign'])), models.Q(('event_type', 'REQUEST'), ('mode__in', ['assist', 'change', 'yield', 'meet'])), models.Q(('event_type', 'REJECT'), ('mode__in', ['assist', 'change', 'yield', 'meet'])), models.Q(('event_type', 'ACCUSE'), ('mode__in', ['disapprove', 'investigate', 'allege'])), models.Q(('event_type', 'THREATEN'), ('mode__in', ['restrict', 'arrest', 'relations', 'expel', 'territory', 'violence'])), models.Q(('event_type', 'PROTEST'), ('mode__in', ['demo', 'riot', 'strike', 'hunger', 'boycott', 'obstruct', 'vandalize'])), models.Q(('event_type', 'SANCTION'), ('mode__in', ['convict', 'expel', 'withdraw', 'discontinue'])), models.Q(('event_type', 'MOBILIZE'), ('mode__in', ['troops', 'weapons', 'police', 'militia'])), models.Q(('event_type', 'COERCE'), ('mode__in', ['seize', 'restrict', 'censor', 'curfew', 'martial-law', 'arrest', 'deport', 'withhold', 'misinformation', 'cyber'])), models.Q(('event_type', 'ASSAULT'), ('mode__in', ['abduct', 'beat', 'torture', 'sexual', 'targeted', 'destroy', 'primitive', 'firearms', 'explosives', 'suicide-attack', 'aerial', 'drone', 'heavy-weapons', 'crowd-control', 'unconventional'])), _connector='OR'), name='policy_event_mode', violation_error_message='This mode does not belong to this event type.'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Official',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('id', Key(help_text='Slug of the person, stable for good.', max_length=120, primary_key=True, serialize=False)),
                ('name', Text(blank=True, help_text='Full name; null for a person the source does not name.', max_length=200, null=True)),
                ('label', Text(help_text='What to call the person in a list; always there.', max_length=200)),
                ('aliases', models.JSONField(blank=True, default=list, help_text='The words the sources use for the person, as they spell them.', validators=[list_of_texts])),
                ('country_support', Text(blank=True, choices=SUPPORT, help_text='How firmly the source carries the country; null when there is none.', max_length=9, null=True)),
                ('country', models.ForeignKey(blank=True, help_text='The country the person serves, as alpha-3; null when not stated.', null=True, on_delete=models.PROTECT, related_name='officials', to='policy.country')),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('country__isnull', True), ('country_support__isnull', True)), models.Q(('country__isnull', False), ('country_support__isnull', False)), _connector='OR'), name='policy_official_country_support', violation_error_message='Give country and country_support together, or neither.'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('id', Key(help_text='Slug of the organisation, stable for good.', max_length=120, primary_key=True, serialize=False)),
                ('kind', Text(choices=[('international_organisation', 'International organisation'), ('government_body', 'Government body'), ('company', 'Company'), ('media', 'Media'), ('armed_or_criminal_group', 'Armed or criminal group'), ('party', 'Party'), ('movement', 'Movement'), ('other', 'Other')], help_text='What kind of body it is.', max_length=26)),
                ('name', Text(blank=True, help_text='Name; null for one that the source does not name.', max_length=200, null=True)),
                ('label', Text(help_text='What to call it in a list; always there.', max_length=200)),
                ('acronym', Text(blank=True, help_text='Short form of the name; null when not stated.', max_length=30, null=True)),
                ('aliases', models.JSONField(blank=True, default=list, help_text='The words the sources use for it, as they spell them.', validators=[list_of_texts])),
                ('country_support', Text(blank=True, choices=SUPPORT, help_text='How firmly the source carries the country; null when there is none.', max_length=9, null=True)),
                ('actor_code', Text(blank=True, choices=[('UNO', 'United Nations'), ('EUR', 'European Union'), ('IGO', 'Intergovernmental organisation'), ('NGO', 'Non-governmental organisation'), ('ISM', 'International social movement'), ('IMG', 'Transnational armed group'), ('MNC', 'Multinational company')], help_text='PLOVER code of an international actor; null for any other.', max_length=3, null=True)),
                ('country', models.ForeignKey(blank=True, help_text='The country it belongs to, as alpha-3; null when not stated, or none.', null=True, on_delete=models.PROTECT, related_name='organisations', to='policy.country')),
                ('members', models.ManyToManyField(blank=True, help_text='The countries that are members where a source says so, as alpha-3.', related_name='memberships', to='policy.country')),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('country__isnull', True), ('country_support__isnull', True)), models.Q(('country__isnull', False), ('country_support__isnull', False)), _connector='OR'), name='policy_organisation_country_support', violation_error_message='Give country and country_support together, or neither.'),
                ],
            },
        ),
        migrations.CreateModel(
            name='PassageText',
            fields=[
                ('passage', models.OneToOneField(help_text='The passage whose text this is.', on_delete=models.CASCADE, primary_key=True, related_name='attached', serialize=False, to='policy.passage')),
                ('sha256', Text(help_text='SHA-256 of the text; it is shown only while the passage says the same.', max_length=64, validators=[SHA256])),
                ('text', LongText(help_text='The exact text of the span.')),
            ],
        ),
        migrations.CreateModel(
            name='IssueSide',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('id', Key(help_text='Slug of the account and the country.', max_length=200, primary_key=True, serialize=False)),
                ('position', LongText(blank=True, help_text="The country's position, in our words; null when not stated.", null=True)),
                ('not_stated', models.BooleanField(default=False, help_text="True when the source does not state this country's position.")),
                ('account', models.ForeignKey(help_text='Slug of the account.', on_delete=models.CASCADE, related_name='sides', to='policy.account')),
                ('country', models.ForeignKey(help_text='The country, as alpha-3.', on_delete=models.PROTECT, related_name='issue_sides', to='policy.country')),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
            ],
            options={
                'verbose_name_plural': 'issue sides',
                'ordering': ['account_id', 'country_id', 'id'],
                'constraints': [
                    models.UniqueConstraint(fields=('account', 'country'), name='policy_issueside_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('not_stated', False), ('position__isnull', False)), models.Q(('not_stated', True), ('position__isnull', True)), _connector='OR'), name='policy_issueside_position', violation_error_message='Give a position or not_stated = true, and not both.'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Figure',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('time_text', Text(blank=True, help_text="The source's own words for the time; null when it gives none.", max_length=200, null=True)),
                ('time_earliest', models.DateField(blank=True, help_text='The first day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_latest', models.DateField(blank=True, help_text='The last day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_precision', Text(blank=True, choices=PRECISION, help_text='How finely the time is known; null when no days are given.', max_length=6, null=True)),
                ('time_year_inferred', models.BooleanField(default=False, help_text='True when the source names no year for the time and it was concluded from elsewhere in it.')),
                ('id', Key(help_text='Slug of the account and the measure.', max_length=200, primary_key=True, serialize=False)),
                ('measure', Text(help_text='What is counted, in our words.', max_length=200)),
                ('words', Text(help_text="The source's words for the quantity.", max_length=100)),
                ('value', models.DecimalField(blank=True, decimal_places=4, help_text='The number in the words, in the unit; null when the words hold none.', max_digits=18, null=True)),
                ('comparator', Text(blank=True, choices=[('eq', 'Equal'), ('approx', 'About'), ('gt', 'More than'), ('gte', 'At least'), ('lt', 'Less than'), ('lte', 'At most')], help_text='How the value bounds the true number; null when there is no value.', max_length=6, null=True)),
                ('unit', Text(choices=[('persons', 'Persons'), ('share', 'Share'), ('flights', 'Flights'), ('usd', 'US dollars'), ('count', 'Count')], help_text='What is counted.', max_length=7)),
                ('account', models.ForeignKey(help_text='Slug of the account.', on_delete=models.CASCADE, related_name='figures', to='policy.account')),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
            ],
            options={
                'ordering': ['account_id', 'id'],
                'abstract': False,
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('time_earliest__isnull', True), ('time_latest__isnull', True), ('time_precision__isnull', True), ('time_year_inferred', False)), models.Q(('time_earliest__isnull', False), ('time_latest__gte', models.F('time_earliest')), ('time_precision__isnull', False)), _connector='OR'), name='policy_figure_time', violation_error_message='Give the earliest day, the latest day (not before it) and the precision together, or none of them.'),
                    models.CheckConstraint(condition=models.Q(('time_precision__isnull', True), models.Q(('time_precision', 'day'), _negated=True), ('time_latest', models.F('time_earliest')), _connector='OR'), name='policy_figure_time_day', violation_error_message='Precision day means one day: give the same earliest and latest day, or another precision.'),
                    models.CheckConstraint(condition=models.Q(models.Q(('comparator__isnull', True), ('value__isnull', True)), models.Q(('comparator__isnull', False), ('value__isnull', False)), _connector='OR'), name='policy_figure_value', violation_error_message='Give value and comparator together, or neither.'),
                ],
            },
        ),
        migrations.CreateModel(
            name='EventParty',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('id', Key(help_text='Slug of the event, the part and the organisation or country.', max_length=200, primary_key=True, serialize=False)),
                ('role', Text(choices=[('actor', 'Actor'), ('recipient', 'Recipient')], help_text='The part in the event.', max_length=9)),
                ('sector', Text(blank=True, choices=[('GOV', 'Government'), ('LEG', 'Legislature'), ('JUD', 'Judiciary'), ('MIL', 'Military'), ('COP', 'Police'), ('SPY', 'Intelligence'), ('PTY', 'Political party'), ('OPP', 'Opposition'), ('ELI', 'Elites'), ('PRM', 'Paramilitary'), ('REB', 'Rebels'), ('UAF', 'Unidentified armed force'), ('CRM', 'Criminals'), ('BUS', 'Business'), ('LAB', 'Labour'), ('AGR', 'Agriculture'), ('JRN', 'Media'), ('EDU', 'Education'), ('MED', 'Medical'), ('REL', 'Religious'), ('REF', 'Refugees'), ('CVL', 'Civilians'), ('SOC', 'Civil society'), ('PRE', 'Partially recognised'), ('UNK', 'Unidentified')], help_text='PLOVER sector of the party; null when the source says none.', max_length=3, null=True)),
                ('country', models.ForeignKey(blank=True, help_text='The country, as alpha-3; for an organisation the country it acts for or is of in this event, null when none is meant.', null=True, on_delete=models.PROTECT, related_name='event_parts', to='policy.country')),
                ('event', models.ForeignKey(help_text='Slug of the event.', on_delete=models.CASCADE, related_name='parties', to='policy.event')),
                ('organisation', models.ForeignKey(blank=True, help_text='Slug of the organisation; null where the country itself is the party.', null=True, on_delete=models.PROTECT, related_name='event_parts', to='policy.organisation')),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
            ],
            options={
                'verbose_name_plural': 'event parties',
                'ordering': ['event_id', 'role', 'id'],
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('organisation__isnull', True)), fields=('event', 'country'), name='policy_eventparty_country'),
                    models.UniqueConstraint(fields=('event', 'organisation'), name='policy_eventparty_organisation'),
                    models.CheckConstraint(condition=models.Q(('country__isnull', False), ('organisation__isnull', False), _connector='OR'), name='policy_eventparty_somebody', violation_error_message='Give country, organisation, or both.'),
                ],
            },
        ),
        migrations.CreateModel(
            name='EventOrder',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('id', Key(help_text='Slug of the two events.', max_length=120, primary_key=True, serialize=False)),
                ('relation', Text(choices=[('before', 'Before'), ('after', 'After'), ('concurrent', 'Concurrent')], help_text='How the first lies to the other.', max_length=10)),
                ('event', models.ForeignKey(help_text='Slug of the first event.', on_delete=models.CASCADE, related_name='orders', to='policy.event')),
                ('other', models.ForeignKey(help_text='Slug of the other event.', on_delete=models.CASCADE, related_name='orders_of_others', to='policy.event')),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
            ],
            options={
                'verbose_name_plural': 'event orders',
                'ordering': ['event_id', 'other_id', 'id'],
                'constraints': [
                    models.UniqueConstraint(fields=('event', 'other'), name='policy_eventorder_once'),
                    models.CheckConstraint(condition=models.Q(('event', models.F('other')), _negated=True), name='policy_eventorder_two', violation_error_message='An event cannot be ordered against itself.'),
                ],
            },
        ),
        migrations.AddField(
            model_name='country',
            name='evidence',
            field=models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage'),
        ),
        migrations.CreateModel(
            name='Identifier',
            fields=[
                ('id', Key(help_text='Slug of the person, the scheme and the value.', max_length=200, primary_key=True, serialize=False)),
                ('scheme', Text(choices=[('us-historian-people', 'People of the US historian'), ('us-historian-presidents', 'Presidents of the US historian')], help_text='Which list it is from.', max_length=23)),
                ('value', Text(help_text='What that list calls the person.', max_length=100)),
                ('checked_by', Text(help_text='Who checked that the two are one: a source, or somebody.', max_length=200)),
                ('reason', LongText(help_text='Why the two are one, in our words.')),
                ('official', models.ForeignKey(help_text='Slug of the person.', on_delete=models.CASCADE, related_name='same_as', to='policy.official')),
            ],
            options={
                'ordering': ['official_id', 'id'],
                'constraints': [models.UniqueConstraint(fields=('scheme', 'value'), name='policy_identifier_once')],
            },
        ),
        migrations.CreateModel(
            name='Position',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('id', Key(help_text='Slug of the person and the office.', max_length=120, primary_key=True, serialize=False)),
                ('title', Text(help_text='Title of the office.', max_length=200)),
                ('role', Text(choices=[('head_of_state', 'Head of state'), ('head_of_government', 'Head of government'), ('foreign_minister', 'Foreign minister'), ('minister', 'Minister'), ('diplomat', 'Diplomat'), ('spokesperson', 'Spokesperson'), ('legislator', 'Legislator'), ('military', 'Military'), ('official', 'Official')], help_text='What kind of office it is.', max_length=18)),
                ('status', Text(blank=True, choices=[('held', 'Held'), ('appointed', 'Appointed'), ('nominated', 'Nominated')], help_text='Whether the office was taken up; null where the source tells nothing of it.', max_length=9, null=True)),
                ('appointed_text', Text(blank=True, help_text="The source's own words for the appointment; null when it gives none.", max_length=200, null=True)),
                ('appointed_earliest', models.DateField(blank=True, help_text='The first day (ISO 8601) the words allow for the appointment; null when they bound nothing.', null=True)),
                ('appointed_latest', models.DateField(blank=True, help_text='The last day (ISO 8601) the words allow for the appointment; null when they bound nothing.', null=True)),
                ('appointed_precision', Text(blank=True, choices=PRECISION, help_text='How finely the appointment is known; null when no days are given.', max_length=6, null=True)),
                ('appointed_year_inferred', models.BooleanField(default=False, help_text='True when the source names no year for the appointment and it was concluded from elsewhere in it.')),
                ('start_text', Text(blank=True, help_text="The source's own words for the first day in office; null when it gives none.", max_length=200, null=True)),
                ('start_earliest', models.DateField(blank=True, help_text='The first day (ISO 8601) the words allow for the first day in office; null when they bound nothing.', null=True)),
                ('start_latest', models.DateField(blank=True, help_text='The last day (ISO 8601) the words allow for the first day in office; null when they bound nothing.', null=True)),
                ('start_precision', Text(blank=True, choices=PRECISION, help_text='How finely the first day in office is known; null when no days are given.', max_length=6, null=True)),
                ('start_year_inferred', models.BooleanField(default=False, help_text='True when the source names no year for the first day in office and it was concluded from elsewhere in it.')),
                ('end_text', Text(blank=True, help_text="The source's own words for the last day in office; null when it gives none.", max_length=200, null=True)),
                ('end_earliest', models.DateField(blank=True, help_text='The first day (ISO 8601) the words allow for the last day in office; null when they bound nothing.', null=True)),
                ('end_latest', models.DateField(blank=True, help_text='The last day (ISO 8601) the words allow for the last day in office; null when they bound nothing.', null=True)),
                ('end_precision', Text(blank=True, choices=PRECISION, help_text='How finely the last day in office is known; null when no days are given.', max_length=6, null=True)),
                ('end_year_inferred', models.BooleanField(default=False, help_text='True when the source names no year for the last day in office and it was concluded from elsewhere in it.')),
                ('accredited_to', models.ForeignKey(blank=True, help_text='The country that a diplomat is sent to, as alpha-3; null for other offices and where it has no code.', null=True, on_delete=models.PROTECT, related_name='accredited', to='policy.country')),
                ('accredited_to_organisation', models.ForeignKey(blank=True, help_text='Slug of the organisation that a diplomat is sent to; null for other offices.', null=True, on_delete=models.PROTECT, related_name='accredited', to='policy.organisation')),
                ('country', models.ForeignKey(blank=True, help_text='The country whose office it is, as alpha-3; null when not stated.', null=True, on_delete=models.PROTECT, related_name='positions', to='policy.country')),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
                ('official', models.ForeignKey(help_text='Slug of the person.', on_delete=models.CASCADE, related_name='positions', to='policy.official')),
                ('organisation', models.ForeignKey(blank=True, help_text='Slug of the organisation the office belongs to; null when not stated.', null=True, on_delete=models.PROTECT, related_name='positions', to='policy.organisation')),
            ],
            options={
                'ordering': ['official_id', 'id'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('appointed_earliest__isnull', True), ('appointed_latest__isnull', True), ('appointed_precision__isnull', True), ('appointed_year_inferred', False)), models.Q(('appointed_earliest__isnull', False), ('appointed_latest__gte', models.F('appointed_earliest')), ('appointed_precision__isnull', False)), _connector='OR'), name='policy_position_appointed', violation_error_message='Give the earliest day, the latest day (not before it) and the precision together, or none of them.'),
                    models.CheckConstraint(condition=models.Q(('appointed_precision__isnull', True), models.Q(('appointed_precision', 'day'), _negated=True), ('appointed_latest', models.F('appointed_earliest')), _connector='OR'), name='policy_position_appointed_day', violation_error_message='Precision day means one day: give the same earliest and latest day, or another precision.'),
                    models.CheckConstraint(condition=models.Q(models.Q(('start_earliest__isnull', True), ('start_latest__isnull', True), ('start_precision__isnull', True), ('start_year_inferred', False)), models.Q(('start_earliest__isnull', False), ('start_latest__gte', models.F('start_earliest')), ('start_precision__isnull', False)), _connector='OR'), name='policy_position_start', violation_error_message='Give the earliest day, the latest day (not before it) and the precision together, or none of them.'),
                    models.CheckConstraint(condition=models.Q(('start_precision__isnull', True), models.Q(('start_precision', 'day'), _negated=True), ('start_latest', models.F('start_earliest')), _connector='OR'), name='policy_position_start_day', violation_error_message='Precision day means one day: give the same earliest and latest day, or another precision.'),
                    models.CheckConstraint(condition=models.Q(models.Q(('end_earliest__isnull', True), ('end_latest__isnull', True), ('end_precision__isnull', True), ('end_year_inferred', False)), models.Q(('end_earliest__isnull', False), ('end_latest__gte', models.F('end_earliest')), ('end_precision__isnull', False)), _connector='OR'), name='policy_position_end', violation_error_message='Give the earliest day, the latest day (not before it) and the precision together, or none of them.'),
                    models.CheckConstraint(condition=models.Q(('end_precision__isnull', True), models.Q(('end_precision', 'day'), _negated=True), ('end_latest', models.F('end_earliest')), _connector='OR'), name='policy_position_end_day', violation_error_message='Precision day means one day: give the same earliest and latest day, or another precision.'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Relation',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('id', Key(help_text='Slug of the relation, stable for good.', max_length=120, primary_key=True, serialize=False)),
                ('relation', Text(choices=[('contradicts', 'Contradicts'), ('corrects', 'Corrects'), ('retracts', 'Retracts'), ('confirms', 'Confirms'), ('continues', 'Continues'), ('answers', 'Answers')], help_text='How the subject lies to the object.', max_length=11)),
                ('subject_kind', Text(choices=RECORD_KINDS, help_text='Kind of the record that the relation is said of.', max_length=15)),
                ('subject', Text(help_text='Key of that record.', max_length=120)),
                ('subject_part', Text(blank=True, help_text='Key of the part of that record that is meant, such as a figure; null for the whole.', max_length=200, null=True)),
                ('object_kind', Text(choices=RECORD_KINDS, help_text='Kind of the other record.', max_length=15)),
                ('object', Text(help_text='Key of the other record.', max_length=120)),
                ('object_part', Text(blank=True, help_text='Key of the part of the other record that is meant; null for the whole.', max_length=200, null=True)),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [
                    models.Index(fields=['subject', 'subject_kind', 'relation'], name='policy_relation_subject'),
                    models.Index(fields=['object', 'object_kind', 'relation'], name='policy_relation_object'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('relation', 'answers'), _negated=True), ('object_kind', 'gap'), _connector='OR'), name='policy_relation_answers', violation_error_message='What is answered is a gap: give object_kind = "gap".'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Renaming',
            fields=[
                ('id', Key(help_text='Slug of the kind and the former key.', max_length=140, primary_key=True, serialize=False)),
                ('kind', Text(choices=RECORD_KINDS, help_text='Kind of the record.', max_length=15)),
                ('former', Text(help_text='Key that the record had in an earlier release; no record has it now.', max_length=120, validators=[RegexValidator('\\A(?:[a-z0-9]+(?:-[a-z0-9]+)*|[A-Z]{3})\\Z', 'Write a key as it was: a slug, or an alpha-3 code.')])),
                ('record', Text(blank=True, help_text='Key that the record has in this release; null when it was removed.', max_length=120, null=True)),
                ('release', Text(blank=True, help_text='Version that removed the record; null when it is there.', max_length=20, null=True, validators=[RegexValidator('\\A\\d+\\.\\d+\\.\\d+\\Z', 'Write a version such as 1.0.0.')])),
                ('reason', LongText(blank=True, help_text='Why it was removed, in our words; null when it is there.', null=True)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'former'), name='policy_renaming_once'), models.CheckConstraint(condition=models.Q(models.Q(('reason__isnull', True), ('record__isnull', False), ('release__isnull', True)), models.Q(('reason__isnull', False), ('record__isnull', True), ('release__isnull', False)), _connector='OR'), name='policy_renaming_or_removal', violation_error_message='Give record, or release and reason of a removal.')],
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.IntegerField(help_text='Place of the change in the log of all releases, from 1.', primary_key=True, serialize=False)),
                ('change', Text(choices=[('added', 'Added'), ('changed', 'Changed'), ('removed', 'Removed'), ('renamed', 'Renamed')], help_text='What became of the record.', max_length=7)),
                ('kind', Text(choices=RECORD_KINDS, help_text='Kind of the record.', max_length=15)),
                ('record', Text(help_text='Key of the record in that release, or its last key.', max_length=120)),
                ('former', Text(blank=True, help_text='Key of the record in the release before; null unless it was renamed.', max_length=120, null=True)),
                ('fields', models.JSONField(blank=True, default=list, help_text='The fields that hold something else, and the parts that differ, such as sides or stops, as they stand in the files of a release; empty for what was added or removed.', validators=[list_of_texts])),
                ('reason', LongText(blank=True, help_text='Why, in our words; null where no reason is told.', null=True)),
                ('release', models.ForeignKey(help_text='Version of the release that made the change.', on_delete=models.CASCADE, related_name='changes', to='policy.publishedrelease')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['record', 'kind'], name='policy_change_record')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('change', 'renamed'), ('former__isnull', False)), models.Q(models.Q(('change', 'renamed'), _negated=True), ('former__isnull', True)), _connector='OR'), name='policy_change_former', violation_error_message='A former key is that of a record that was renamed.')],
            },
        ),
        migrations.CreateModel(
            name='SearchEntry',
            fields=[
                ('id', models.IntegerField(help_text='Place of the entry in the order of kind and record, from 1.', primary_key=True, serialize=False, validators=[MinValueValidator(1)])),
                ('kind', Text(choices=RECORD_KINDS, help_text='Kind of the record.', max_length=15)),
                ('record', Text(help_text='Key of the record.', max_length=200)),
                ('title', Text(help_text='What to call the record in a list of hits.', max_length=300)),
                ('text', LongText(help_text='All that the record and its parts say, line by line.')),
                ('words', Words(help_text='The words of title, text and key, folded, each once, and those of the title once more with the mark § before them.')),
            ],
            options={
                'db_table': 'machinery_searchentry',
                'verbose_name_plural': 'search entries',
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'record'), name='machinery_searchentry_once')],
            },
        ),
        migrations.AddField(
            model_name='passage',
            name='sentence',
            field=models.ForeignKey(blank=True, help_text='The sentence the span lies in; null for an entry of a register.', null=True, on_delete=models.CASCADE, related_name='passages', to='policy.sentence'),
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', Key(help_text='Slug of the source, stable for good.', max_length=120, primary_key=True, serialize=False)),
                ('kind', Text(choices=[('text', 'Text'), ('register', 'Register')], default='text', help_text='Whether it is a text or a register.', max_length=8)),
                ('title', Text(blank=True, help_text='Title; null when not known.', max_length=300, null=True)),
                ('author', Text(blank=True, help_text='Author; null when not known.', max_length=200, null=True)),
                ('publisher', Text(blank=True, help_text='Publisher; null when not known.', max_length=200, null=True)),
                ('published_text', Text(blank=True, help_text="The source's own words for the publication; null when it gives none.", max_length=200, null=True)),
                ('published_earliest', models.DateField(blank=True, help_text='The first day (ISO 8601) the words allow for the publication; null when they bound nothing.', null=True)),
                ('published_latest', models.DateField(blank=True, help_text='The last day (ISO 8601) the words allow for the publication; null when they bound nothing.', null=True)),
                ('published_precision', Text(blank=True, choices=PRECISION, help_text='How finely the publication is known; null when no days are given.', max_length=6, null=True)),
                ('published_year_inferred', models.BooleanField(default=False, help_text='True when the source names no year for the publication and it was concluded from elsewhere in it.')),
                ('url', models.URLField(blank=True, help_text='Address; null when not known.', max_length=500, null=True)),
                ('language', Text(help_text='Language of the text or the register, as a BCP 47 tag.', max_length=35, validators=[RegexValidator('\\A[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?\\Z', 'Write a BCP 47 tag such as en, es-MX or zh-Hant.')])),
                ('sha256', Text(help_text="SHA-256 of the whole text in UTF-8, or of the hashes of a register's entries, one a line, in their order; in lower-case hex.", max_length=64, validators=[SHA256])),
                ('code_points', models.PositiveIntegerField(blank=True, help_text='Length of the whole text in Unicode code points; null for a register.', null=True)),
                ('entries', models.PositiveIntegerField(blank=True, help_text='Number of entries that were read of a register; null for a text.', null=True)),
                ('note', LongText(blank=True, help_text='What a reader must know about the source; may be null.', null=True)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('published_earliest__isnull', True), ('published_latest__isnull', True), ('published_precision__isnull', True), ('published_year_inferred', False)), models.Q(('published_earliest__isnull', False), ('published_latest__gte', models.F('published_earliest')), ('published_precision__isnull', False)), _connector='OR'), name='policy_source_published', violation_error_message='Give the earliest day, the latest day (not before it) and the precision together, or none of them.'), models.CheckConstraint(condition=models.Q(('published_precision__isnull', True), models.Q(('published_precision', 'day'), _negated=True), ('published_latest', models.F('published_earliest')), _connector='OR'), name='policy_source_published_day', violation_error_message='Precision day means one day: give the same earliest and latest day, or another precision.'), models.CheckConstraint(condition=models.Q(models.Q(('code_points__isnull', False), ('entries__isnull', True), ('kind', 'text')), models.Q(('code_points__isnull', True), ('entries__isnull', False), ('kind', 'register')), _connector='OR'), name='policy_source_length', violation_error_message='Give code_points for a text, entries for a register, and not the other.')],
            },
        ),
        migrations.AddField(
            model_name='sentence',
            name='source',
            field=models.ForeignKey(help_text='Slug of the source.', on_delete=models.CASCADE, related_name='sentences', to='policy.source'),
        ),
        migrations.AddField(
            model_name='passage',
            name='source',
            field=models.ForeignKey(help_text='Slug of the source.', on_delete=models.CASCADE, related_name='passages', to='policy.source'),
        ),
        migrations.AddField(
            model_name='account',
            name='source',
            field=models.ForeignKey(help_text='Slug of the source.', on_delete=models.PROTECT, related_name='accounts', to='policy.source'),
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('time_text', Text(blank=True, help_text="The source's own words for the time; null when it gives none.", max_length=200, null=True)),
                ('time_earliest', models.DateField(blank=True, help_text='The first day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_latest', models.DateField(blank=True, help_text='The last day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_precision', Text(blank=True, choices=PRECISION, help_text='How finely the time is known; null when no days are given.', max_length=6, null=True)),
                ('time_year_inferred', models.BooleanField(default=False, help_text='True when the source names no year for the time and it was concluded from elsewhere in it.')),
                ('id', Key(help_text='Slug of the statement, stable for good.', max_length=120, primary_key=True, serialize=False)),
                ('summary', LongText(help_text='What was said, in our words.')),
                ('kind', Text(choices=[('quotation', 'Quotation'), ('indirect_speech', 'Indirect speech'), ('reported_position', 'Reported position'), ('narration', 'Narration')], help_text='In what form the source passes the statement on.', max_length=17)),
                ('topic', Text(choices=CONTEXTS, help_text='What it is mainly about, as a PLOVER context.', max_length=22)),
                ('narrator', models.BooleanField(default=False, help_text='True when the source itself says it.')),
                ('attribution_support', Text(choices=SUPPORT, default='stated', help_text='How firmly the source carries who said it.', max_length=9)),
                ('medium', Text(blank=True, help_text='Where it was said or published; null when not stated.', max_length=200, null=True)),
                ('quotation', LongText(blank=True, help_text="The official's words as the source gives them; only for a quotation.", null=True)),
                ('quotation_language', Text(blank=True, help_text='Language of the quoted words, as a BCP 47 tag; only for a quotation.', max_length=35, null=True, validators=[RegexValidator('\\A[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?\\Z', 'Write a BCP 47 tag such as en, es-MX or zh-Hant.')])),
                ('quotation_translated', models.BooleanField(blank=True, help_text='Whether the quoted words are a translation of what was said; null when the source does not show it.', null=True)),
                ('verbatim', Text(blank=True, choices=[('verified', 'Verified'), ('unverified', 'Unverified'), ('differs', 'Differs')], help_text='Whether the words were compared with the original; only for a quotation.', max_length=10, null=True)),
                ('about', models.ManyToManyField(blank=True, help_text='The countries the statement is about, as alpha-3.', related_name='statements_about', to='policy.country')),
                ('about_organisations', models.ManyToManyField(blank=True, help_text='Slugs of the organisations the statement is about.', related_name='statements_about', to='policy.organisation')),
                ('attributed_country', models.ForeignKey(blank=True, help_text='The country, as alpha-3, it is attributed to when neither a person nor an organisation is; else null.', null=True, on_delete=models.PROTECT, related_name='attributed_statements', to='policy.country')),
                ('attributed_organisation', models.ForeignKey(blank=True, help_text='Slug of the organisation it is attributed to when no person is; else null.', null=True, on_delete=models.PROTECT, related_name='attributed_statements', to='policy.organisation')),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
                ('issues', models.ManyToManyField(blank=True, help_text='Slugs of the bilateral issues it belongs to.', related_name='statements', to='policy.bilateralissue')),
                ('speaker', models.ForeignKey(blank=True, db_index=False, help_text='Slug of the official who said it; null when no person is named.', null=True, on_delete=models.PROTECT, related_name='statements', to='policy.official')),
                ('via_official', models.ForeignKey(blank=True, help_text='Slug of the official who passed it on for whom it is attributed to; null when none is named.', null=True, on_delete=models.PROTECT, related_name='statements_passed_on', to='policy.official')),
                ('via_organisation', models.ForeignKey(blank=True, help_text='Slug of the organisation that passed it on or published it; null when none is named.', null=True, on_delete=models.PROTECT, related_name='statements_passed_on', to='policy.organisation')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
                'indexes': [
                    models.Index(fields=['kind', 'id'], name='policy_statement_kind'),
                    models.Index(fields=['topic', 'id'], name='policy_statement_topic'),
                    models.Index(fields=['speaker', 'id'], name='policy_statement_speaker'),
                    models.Index(fields=['time_earliest', 'id'], name='policy_statement_earliest'),
                    models.Index(fields=['time_latest', 'id'], name='policy_statement_latest'),
                ],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('time_earliest__isnull', True), ('time_latest__isnull', True), ('time_precision__isnull', True), ('time_year_inferred', False)), models.Q(('time_earliest__isnull', False), ('time_latest__gte', models.F('time_earliest')), ('time_precision__isnull', False)), _connector='OR'), name='policy_statement_time', violation_error_message='Give the earliest day, the latest day (not before it) and the precision together, or none of them.'),
                    models.CheckConstraint(condition=models.Q(('time_precision__isnull', True), models.Q(('time_precision', 'day'), _negated=True), ('time_latest', models.F('time_earliest')), _connector='OR'), name='policy_statement_time_day', violation_error_message='Precision day means one day: give the same earliest and latest day, or another precision.'),
                    models.CheckConstraint(condition=models.Q(models.Q(('attributed_country__isnull', True), ('attributed_organisation__isnull', True), ('narrator', False), ('speaker__isnull', False)), models.Q(('attributed_country__isnull', True), ('attributed_organisation__isnull', False), ('narrator', False), ('speaker__isnull', True)), models.Q(('attributed_country__isnull', False), ('attributed_organisation__isnull', True), ('narrator', False), ('speaker__isnull', True)), models.Q(('attributed_country__isnull', True), ('attributed_organisation__isnull', True), ('narrator', True), ('speaker__isnull', True)), _connector='OR'), name='policy_statement_one_attribution', violation_error_message='Give exactly one of speaker, attributed_organisation, attributed_country and narrator = true.'),
                    models.CheckConstraint(condition=models.Q(models.Q(('kind', 'quotation'), ('quotation__isnull', False), ('quotation_language__isnull', False), ('verbatim__isnull', False)), models.Q(models.Q(('kind', 'quotation'), _negated=True), ('quotation__isnull', True), ('quotation_language__isnull', True), ('quotation_translated__isnull', True), ('verbatim__isnull', True)), _connector='OR'), name='policy_statement_quotation', violation_error_message='A quotation needs its words, quotation_language and verbatim; other kinds may have none of them.'),
                    models.CheckConstraint(condition=models.Q(models.Q(('kind', 'narration'), ('narrator', True)), models.Q(models.Q(('kind', 'narration'), _negated=True), ('narrator', False)), _connector='OR'), name='policy_statement_narration', violation_error_message='Kind narration and narrator = true go together.'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Concern',
            fields=[
                ('id', Key(help_text='Slug of the statement and the country.', max_length=124, primary_key=True, serialize=False)),
                ('topic', Text(choices=CONTEXTS, help_text='Topic of the statement.', max_length=22)),
                ('country', models.ForeignKey(help_text='The country, as alpha-3.', on_delete=models.PROTECT, related_name='concerns', to='policy.country')),
                ('statement', models.ForeignKey(help_text='Slug of the statement.', on_delete=models.CASCADE, related_name='concerns', to='policy.statement')),
            ],
            options={
                'db_table': 'machinery_concern',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Trip',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('time_text', Text(blank=True, help_text="The source's own words for the time; null when it gives none.", max_length=200, null=True)),
                ('time_earliest', models.DateField(blank=True, help_text='The first day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_latest', models.DateField(blank=True, help_text='The last day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_precision', Text(blank=True, choices=PRECISION, help_text='How finely the time is known; null when no days are given.', max_length=6, null=True)),
                ('time_year_inferred', models.BooleanField(default=False, help_text='True when the source names no year for the time and it was concluded from elsewhere in it.')),
                ('id', Key(help_text='Slug of the trip, stable for good.', max_length=120, primary_key=True, serialize=False)),
                ('title', Text(help_text='What journey it is, in a few words.', max_length=200)),
                ('summary', LongText(help_text='What the source says of it, in our words.')),
                ('status', Text(choices=TRIP_STATUS, help_text='How far it has come.', max_length=9)),
                ('region_text', Text(blank=True, help_text="The source's words for where it goes; null when it has none.", max_length=200, null=True)),
                ('purposes', models.JSONField(blank=True, default=list, help_text='What the journey is for, each purpose in our words.', validators=[list_of_texts])),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
                ('traveller', models.ForeignKey(help_text='Slug of who travels.', on_delete=models.PROTECT, related_name='trips', to='policy.official')),
            ],
            options={
                'ordering': ['id'],
                'abstract': False,
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('time_earliest__isnull', True), ('time_latest__isnull', True), ('time_precision__isnull', True), ('time_year_inferred', False)), models.Q(('time_earliest__isnull', False), ('time_latest__gte', models.F('time_earliest')), ('time_precision__isnull', False)), _connector='OR'), name='policy_trip_time', violation_error_message='Give the earliest day, the latest day (not before it) and the precision together, or none of them.'),
                    models.CheckConstraint(condition=models.Q(('time_precision__isnull', True), models.Q(('time_precision', 'day'), _negated=True), ('time_latest', models.F('time_earliest')), _connector='OR'), name='policy_trip_time_day', violation_error_message='Precision day means one day: give the same earliest and latest day, or another precision.'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Stop',
            fields=[
                ('support', Text(choices=SUPPORT, help_text='How firmly the source carries this fact.', max_length=9)),
                ('note', LongText(blank=True, help_text='What a reader must know to use this fact rightly, in our words; or null.', null=True)),
                ('time_text', Text(blank=True, help_text="The source's own words for the time; null when it gives none.", max_length=200, null=True)),
                ('time_earliest', models.DateField(blank=True, help_text='The first day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_latest', models.DateField(blank=True, help_text='The last day (ISO 8601) the words allow for the time; null when they bound nothing.', null=True)),
                ('time_precision', Text(blank=True, choices=PRECISION, help_text='How finely the time is known; null when no days are given.', max_length=6, null=True)),
                ('time_year_inferred', models.BooleanField(default=False, help_text='True when the source names no year for the time and it was concluded from elsewhere in it.')),
                ('id', Key(help_text='Slug of the trip and the country.', max_length=200, primary_key=True, serialize=False)),
                ('status', Text(choices=TRIP_STATUS, help_text='How far this stop has come.', max_length=9)),
                ('listed_position', models.PositiveSmallIntegerField(blank=True, help_text='Place in the list of the source, from 1; it says nothing about the visit order. Null when the source has no such list.', null=True)),
                ('visit_order', models.PositiveSmallIntegerField(blank=True, help_text='Place in the order of visits; null when not stated.', null=True)),
                ('city', Text(blank=True, help_text='City, or several in the words of the source; null when not stated.', max_length=100, null=True)),
                ('country', models.ForeignKey(help_text='The country, as alpha-3.', on_delete=models.PROTECT, related_name='stops', to='policy.country')),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages this fact rests on, in the order of their source.', to='policy.passage')),
                ('host', models.ForeignKey(blank=True, help_text='Slug of the official who receives the visit; null when not stated.', null=True, on_delete=models.PROTECT, related_name='hosted_stops', to='policy.official')),
                ('trip', models.ForeignKey(help_text='Slug of the trip.', on_delete=models.CASCADE, related_name='stops', to='policy.trip')),
            ],
            options={
                'ordering': ['trip_id', models.OrderBy(models.F('listed_position'), nulls_last=True), 'id'],
                'abstract': False,
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('time_earliest__isnull', True), ('time_latest__isnull', True), ('time_precision__isnull', True), ('time_year_inferred', False)), models.Q(('time_earliest__isnull', False), ('time_latest__gte', models.F('time_earliest')), ('time_precision__isnull', False)), _connector='OR'), name='policy_stop_time', violation_error_message='Give the earliest day, the latest day (not before it) and the precision together, or none of them.'),
                    models.CheckConstraint(condition=models.Q(('time_precision__isnull', True), models.Q(('time_precision', 'day'), _negated=True), ('time_latest', models.F('time_earliest')), _connector='OR'), name='policy_stop_time_day', violation_error_message='Precision day means one day: give the same earliest and latest day, or another precision.'),
                    models.UniqueConstraint(fields=('trip', 'listed_position'), name='policy_stop_listed_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Gap',
            fields=[
                ('id', Key(help_text='Slug of the gap, stable for good.', max_length=120, primary_key=True, serialize=False)),
                ('question', LongText(help_text='What a reader would ask, in our words.')),
                ('note', LongText(blank=True, help_text='What the source does say near it, or why it matters; may be null.', null=True)),
                ('countries', models.ManyToManyField(blank=True, help_text='Countries it concerns, as alpha-3.', related_name='gaps', to='policy.country')),
                ('events', models.ManyToManyField(blank=True, help_text='Slugs of events it concerns.', related_name='gaps', to='policy.event')),
                ('issues', models.ManyToManyField(blank=True, help_text='Slugs of issues it concerns.', related_name='gaps', to='policy.bilateralissue')),
                ('officials', models.ManyToManyField(blank=True, help_text='Slugs of officials it concerns.', related_name='gaps', to='policy.official')),
                ('organisations', models.ManyToManyField(blank=True, help_text='Slugs of organisations concerned.', related_name='gaps', to='policy.organisation')),
                ('evidence', models.ManyToManyField(blank=True, help_text='Passages next to which the silence shows; may be none.', to='policy.passage')),
                ('source', models.ForeignKey(help_text='Slug of the silent source.', on_delete=models.CASCADE, related_name='gaps', to='policy.source')),
                ('statements', models.ManyToManyField(blank=True, help_text='Slugs of statements it concerns.', related_name='gaps', to='policy.statement')),
                ('trips', models.ManyToManyField(blank=True, help_text='Slugs of trips it concerns.', related_name='gaps', to='policy.trip')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Check',
            fields=[
                ('id', Key(help_text='Slug of the check, stable for good.', max_length=120, primary_key=True, serialize=False)),
                ('title', Text(help_text='What is checked, in a few words.', max_length=200)),
                ('claim_kind', Text(choices=RECORD_KINDS, help_text='Kind of the record that makes the claim.', max_length=15)),
                ('claim', Text(help_text='Key of that record.', max_length=120)),
                ('register', Text(help_text='Key of the register, a source that this release may not hold.', max_length=120)),
                ('rule', Text(choices=[('days_within', 'Days within'), ('same_countries', 'Same countries'), ('listed_as_visited', 'Listed as visited'), ('first_in_office', 'First in office'), ('first_in_years', 'First in years')], help_text='The rule by which the two are compared.', max_length=17)),
                ('rule_text', LongText(help_text='What the rule means for this claim, and why it is a fair one.')),
                ('role', Text(blank=True, choices=[('head_of_state', 'Head of state'), ('head_of_government', 'Head of government'), ('foreign_minister', 'Foreign minister'), ('minister', 'Minister'), ('diplomat', 'Diplomat'), ('spokesperson', 'Spokesperson'), ('legislator', 'Legislator'), ('military', 'Military'), ('official', 'Official')], help_text='The office that the rule asks for; null where it asks for none.', max_length=18, null=True)),
                ('countries', models.JSONField(blank=True, default=list, help_text='The countries that the rule asks for, as alpha-3; empty where it asks for none.', validators=[list_of_texts, country_codes])),
                ('years', models.PositiveSmallIntegerField(blank=True, help_text='For how many years before the journey the claim is meant, where the rule asks.', null=True)),
                ('query', LongText(blank=True, default='', help_text='The list of the API, with its parameters, that shows what the verdict is computed over; that list is empty in a release without the register.', validators=[RegexValidator('\\A[a-z]+(?:-[a-z]+)*\\?[a-z_]+=\\S+\\Z', 'Write the name of a list with its parameters, such as trips?traveller=a-b.')])),
                ('verdict', Text(blank=True, choices=[('agrees', 'Agrees'), ('differs', 'Differs'), ('depends', 'Depends')], help_text='What the register says; null where the release does not hold it.', max_length=7, null=True)),
                ('finding', LongText(blank=True, help_text='What was found, and what it depends on; null where there is no verdict.', null=True)),
                ('evidence', models.ManyToManyField(blank=True, help_text='The passages of the claim, and the entries of the register that the verdict rests on.', to='policy.passage')),
                ('trip', models.ForeignKey(blank=True, help_text='Slug of the journey that the claim is about; null where that is the record itself.', null=True, on_delete=models.PROTECT, related_name='+', to='policy.trip')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['claim', 'claim_kind'], name='policy_check_claim')],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('claim_kind', 'trip'), ('trip__isnull', False), _connector='OR'), name='policy_check_journey', violation_error_message='Give trip, the journey that the claim is about.'),
                    models.CheckConstraint(condition=models.Q(models.Q(('claim_kind', 'trip'), _negated=True), ('trip__isnull', True), _connector='OR'), name='policy_check_journey_itself', violation_error_message='Leave trip out: the claim is that of the journey itself.'),
                    models.CheckConstraint(condition=models.Q(models.Q(('finding__isnull', True), ('verdict__isnull', True)), models.Q(('finding__isnull', False), ('verdict__isnull', False)), _connector='OR'), name='policy_check_computed', violation_error_message='A verdict comes with what was found.'),
                ],
            },
        ),
        migrations.CreateModel(
            name='EventContext',
            fields=[
                ('id', Key(help_text='Slug of the event and the context.', max_length=120, primary_key=True, serialize=False)),
                ('context', Text(choices=CONTEXTS, help_text='The PLOVER context.', max_length=22)),
                ('event', models.ForeignKey(help_text='Slug of the event.', on_delete=models.CASCADE, related_name='contexts', to='policy.event')),
            ],
            options={
                'verbose_name_plural': 'event contexts',
                'ordering': ['event_id', 'context', 'id'],
                'constraints': [models.UniqueConstraint(fields=('event', 'context'), name='policy_eventcontext_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='sentence',
            constraint=models.UniqueConstraint(fields=('source', 'paragraph', 'number'), name='policy_sentence_once'),
        ),
        migrations.AddConstraint(
            model_name='passage',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end__gt', models.F('start')), ('entry__isnull', True), ('quote__isnull', False), ('sentence__isnull', False), ('start__isnull', False)), models.Q(('end__isnull', True), ('entry__isnull', False), ('sentence__isnull', True), ('start__isnull', True)), _connector='OR'), name='policy_passage_span', violation_error_message='Give sentence, start, end (after it) and quote of a span, or the entry of a register.'),
        ),
        migrations.AddConstraint(
            model_name='passage',
            constraint=models.UniqueConstraint(fields=('source', 'start', 'end'), name='policy_passage_once'),
        ),
        migrations.AddConstraint(
            model_name='passage',
            constraint=models.UniqueConstraint(fields=('source', 'entry'), name='policy_passage_entry_once'),
        ),
        migrations.RunPython(execute(FULL_TEXT_INDEX), execute(NO_FULL_TEXT_INDEX)),
        migrations.RunPython(migrations.RunPython.noop, unwatch_tables),
    ]
