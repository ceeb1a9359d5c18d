"""What must always be true of choices, held by the database whoever writes.

- Ranks of a list run from 1 without a hole when a transaction ends (decision 1).
- A submission, its choices and their specialities are never changed once written (decision 4).
"""

from django.db import migrations

NO_HOLE = """
CREATE FUNCTION orientation_{name}_without_hole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    list_id bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.{parent}_id ELSE NEW.{parent}_id END;
    counted integer;
    highest integer;
BEGIN
    SELECT count(*), coalesce(max(rank), 0) INTO counted, highest
        FROM orientation_{name} WHERE {parent}_id = list_id;
    IF counted <> highest THEN
        RAISE EXCEPTION 'the ranks of {parent} % do not run from 1 without a hole', list_id
            USING ERRCODE = 'check_violation', CONSTRAINT = '{name}_ranks_without_hole';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER {name}_ranks_without_hole
    AFTER INSERT OR UPDATE OR DELETE ON orientation_{name}
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION orientation_{name}_without_hole();
"""

NO_HOLE_REVERSE = """
DROP TRIGGER {name}_ranks_without_hole ON orientation_{name};
DROP FUNCTION orientation_{name}_without_hole();
"""

IMMUTABLE = """
CREATE FUNCTION orientation_refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never changed once written', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'submission_immutable';
END $$;
CREATE TRIGGER submission_immutable BEFORE UPDATE ON orientation_submission
    FOR EACH ROW EXECUTE FUNCTION orientation_refuse_update();
CREATE TRIGGER choice_immutable BEFORE UPDATE ON orientation_choice
    FOR EACH ROW EXECUTE FUNCTION orientation_refuse_update();
CREATE TRIGGER choice_speciality_immutable BEFORE UPDATE ON orientation_choicespeciality
    FOR EACH ROW EXECUTE FUNCTION orientation_refuse_update();
"""

IMMUTABLE_REVERSE = """
DROP TRIGGER choice_speciality_immutable ON orientation_choicespeciality;
DROP TRIGGER choice_immutable ON orientation_choice;
DROP TRIGGER submission_immutable ON orientation_submission;
DROP FUNCTION orientation_refuse_update();
"""

LISTS = [{"name": "draftchoice", "parent": "draft"}, {"name": "choice", "parent": "submission"}]


class Migration(migrations.Migration):
    dependencies = [("orientation", "0002_catalogue")]

    operations = [
        *(migrations.RunSQL(NO_HOLE.format(**names), NO_HOLE_REVERSE.format(**names)) for names in LISTS),
        migrations.RunSQL(IMMUTABLE, IMMUTABLE_REVERSE),
    ]
