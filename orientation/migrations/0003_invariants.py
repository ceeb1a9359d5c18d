"""What must always be true of choices, held by the database whoever writes.

- Ranks of a submission run from 1 without a hole when a transaction ends (decision 1).
- A list being prepared has at most eleven ranks, no pathway twice, no speciality twice in a rank (decisions 1, 5).
- A submission, its choices and their specialities are never changed once written (decision 4).
"""

from django.db import migrations

NO_HOLE = """
CREATE FUNCTION orientation_choice_without_hole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    list_id bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.submission_id ELSE NEW.submission_id END;
    counted integer;
    highest integer;
BEGIN
    SELECT count(*), coalesce(max(rank), 0) INTO counted, highest
        FROM orientation_choice WHERE submission_id = list_id;
    IF counted <> highest THEN
        RAISE EXCEPTION 'the ranks of submission % do not run from 1 without a hole', list_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'choice_ranks_without_hole';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER choice_ranks_without_hole
    AFTER INSERT OR UPDATE OR DELETE ON orientation_choice
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION orientation_choice_without_hole();
"""

NO_HOLE_REVERSE = """
DROP TRIGGER choice_ranks_without_hole ON orientation_choice;
DROP FUNCTION orientation_choice_without_hole();
"""

WISHES = """
CREATE FUNCTION orientation_is_list_of_wishes(wishes jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN jsonb_typeof(wishes) <> 'array' OR jsonb_array_length(wishes) > 11 THEN false
        ELSE NOT EXISTS (
            SELECT wish->>'pathway' FROM jsonb_array_elements(wishes) AS wish
            GROUP BY wish->>'pathway' HAVING count(*) > 1 OR coalesce(wish->>'pathway', '') = ''
        ) AND NOT EXISTS (
            SELECT 1 FROM jsonb_array_elements(wishes) WITH ORDINALITY AS wish (body, rank),
                LATERAL jsonb_array_elements_text(body->'specialities') AS speciality
            GROUP BY rank, speciality HAVING count(*) > 1
        )
    END
$$;
ALTER TABLE orientation_draft ADD CONSTRAINT draft_wishes_hold CHECK (orientation_is_list_of_wishes(wishes));
ALTER TABLE orientation_draftrevision
    ADD CONSTRAINT draft_revision_wishes_hold CHECK (orientation_is_list_of_wishes(wishes));
ALTER TABLE orientation_setaside ADD CONSTRAINT set_aside_wishes_hold CHECK (orientation_is_list_of_wishes(wishes));
"""

WISHES_REVERSE = """
ALTER TABLE orientation_setaside DROP CONSTRAINT set_aside_wishes_hold;
ALTER TABLE orientation_draftrevision DROP CONSTRAINT draft_revision_wishes_hold;
ALTER TABLE orientation_draft DROP CONSTRAINT draft_wishes_hold;
DROP FUNCTION orientation_is_list_of_wishes(jsonb);
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


class Migration(migrations.Migration):
    dependencies = [("orientation", "0002_catalogue")]

    operations = [
        migrations.RunSQL(NO_HOLE, NO_HOLE_REVERSE),
        migrations.RunSQL(WISHES, WISHES_REVERSE),
        migrations.RunSQL(IMMUTABLE, IMMUTABLE_REVERSE),
    ]
