"""The trail, the function by which each audited table writes to it, and that nobody changes it afterwards."""

from django.db import migrations, models


RECORD = """
CREATE FUNCTION audit_record() RETURNS trigger LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    scope text := TG_ARGV[0];
    owner text := TG_ARGV[1];
    left_out text[] := string_to_array(TG_ARGV[2], ',');
    secret text[] := string_to_array(TG_ARGV[3], ',');
    subject jsonb;
    content jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        subject := to_jsonb(NEW);
        SELECT jsonb_object_agg(
                key, CASE WHEN key = ANY (secret) THEN 'null' ELSE jsonb_build_array(before.value, after.value) END)
            INTO content
            FROM jsonb_each(to_jsonb(OLD) - left_out) AS before
            JOIN jsonb_each(subject - left_out) AS after USING (key)
            WHERE before.value <> after.value;
        IF content IS NULL THEN
            RETURN NULL;
        END IF;
    ELSE
        subject := CASE TG_OP WHEN 'INSERT' THEN to_jsonb(NEW) ELSE to_jsonb(OLD) END;
        content := subject - left_out - secret;
    END IF;
    EXECUTE format($insert$
        INSERT INTO audit_change
            (at, "table", object_pk, operation, content, school_id, student_id, actor_id, origin, transaction_id)
        SELECT clock_timestamp(), $2, $3, $4, $5, scope.school_id, scope.student_id,
            nullif(current_setting('audit.actor', true), '')::bigint,
            coalesce(nullif(current_setting('audit.origin', true), ''), 'sql'), txid_current()
        FROM (VALUES (1)) AS always LEFT JOIN (%s) AS scope (school_id, student_id) ON true
    $insert$, scope) USING subject, TG_TABLE_NAME::text, subject ->> owner, lower(TG_OP), content;
    RETURN NULL;
END $$;
"""

RECORD_REVERSE = "DROP FUNCTION audit_record();"

IMMUTABLE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- what is past its retention, and nothing else
    IF TG_OP = 'DELETE' AND current_setting('audit.purge', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is never changed once written', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER change_immutable BEFORE UPDATE OR DELETE ON audit_change
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER reading_immutable BEFORE UPDATE OR DELETE ON audit_reading
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER change_never_emptied BEFORE TRUNCATE ON audit_change
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER reading_never_emptied BEFORE TRUNCATE ON audit_reading
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""

IMMUTABLE_REVERSE = """
DROP TRIGGER reading_never_emptied ON audit_reading;
DROP TRIGGER change_never_emptied ON audit_change;
DROP TRIGGER reading_immutable ON audit_reading;
DROP TRIGGER change_immutable ON audit_change;
DROP FUNCTION audit_refuse();
"""


class Migration(migrations.Migration):

    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='instant')),
                ('table', models.CharField(max_length=80, verbose_name='table')),
                ('object_pk', models.CharField(max_length=40, verbose_name='objet')),
                ('operation', models.CharField(choices=[('insert', 'création'), ('update', 'modification'), ('delete', 'suppression')], max_length=10, verbose_name='opération')),
                ('content', models.JSONField(verbose_name='contenu')),
                ('school_id', models.BigIntegerField(null=True, verbose_name='établissement')),
                ('student_id', models.BigIntegerField(null=True, verbose_name='élève')),
                ('actor_id', models.BigIntegerField(null=True, verbose_name='compte')),
                ('origin', models.CharField(max_length=80, verbose_name='origine')),
                ('transaction_id', models.BigIntegerField(verbose_name='transaction')),
            ],
            options={
                'verbose_name': 'modification',
                'verbose_name_plural': 'modifications',
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['school_id', '-at', '-id'], name='change_of_school'), models.Index(fields=['table', 'object_pk', '-at', '-id'], name='change_of_object'), models.Index(condition=models.Q(('student_id__isnull', False)), fields=['student_id', '-at'], name='change_of_student')],
            },
        ),
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='instant')),
                ('quarter', models.DateTimeField(verbose_name='quart d’heure')),
                ('user_id', models.BigIntegerField(verbose_name='compte')),
                ('school_id', models.BigIntegerField(verbose_name='établissement')),
                ('table', models.CharField(max_length=80, verbose_name='table')),
                ('object_pk', models.CharField(max_length=40, verbose_name='objet')),
                ('student_id', models.BigIntegerField(null=True, verbose_name='élève')),
                ('page', models.CharField(max_length=80, verbose_name='page')),
            ],
            options={
                'verbose_name': 'consultation',
                'verbose_name_plural': 'consultations',
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['school_id', '-at', '-id'], name='reading_of_school'), models.Index(fields=['table', 'object_pk', '-at', '-id'], name='reading_of_object')],
                'constraints': [models.UniqueConstraint(fields=('user_id', 'table', 'object_pk', 'page', 'quarter'), name='reading_once_per_quarter')],
            },
        ),
        migrations.RunSQL(RECORD, RECORD_REVERSE),
        migrations.RunSQL(IMMUTABLE, IMMUTABLE_REVERSE),
    ]
