"""What is erased for good is noted without what it held: neither a deleted row's values, nor an updated column's."""

from importlib import import_module

from django.db import migrations

RECORD = """
CREATE OR REPLACE FUNCTION audit_record() RETURNS trigger LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    scope text := TG_ARGV[0];
    owner text := TG_ARGV[1];
    left_out text[] := string_to_array(TG_ARGV[2], ',');
    secret text[] := string_to_array(TG_ARGV[3], ',');
    purging boolean := coalesce(current_setting('audit.purge', true) = 'on', false);
    subject jsonb;
    content jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        subject := to_jsonb(NEW);
        SELECT jsonb_object_agg(
                key, CASE WHEN purging OR key = ANY (secret) THEN 'null'
                          ELSE jsonb_build_array(before.value, after.value) END)
            INTO content
            FROM jsonb_each(to_jsonb(OLD) - left_out) AS before
            JOIN jsonb_each(subject - left_out) AS after USING (key)
            WHERE before.value <> after.value;
        IF content IS NULL THEN
            RETURN NULL;
        END IF;
    ELSE
        subject := CASE TG_OP WHEN 'INSERT' THEN to_jsonb(NEW) ELSE to_jsonb(OLD) END;
        content := CASE WHEN purging AND TG_OP = 'DELETE' THEN '{}' ELSE subject - left_out - secret END;
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

FORMER = import_module("audit.migrations.0001_trail").RECORD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):

    dependencies = [("audit", "0001_trail")]

    operations = [migrations.RunSQL(RECORD, FORMER)]
