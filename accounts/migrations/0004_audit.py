"""Every change of an account stands in the trail of each school that knows it; of a password, only that it changed."""

from django.db import migrations

from audit.operations import Audited

SCHOOLS = """
    SELECT school_id, NULL::bigint FROM schools_staffmembership WHERE user_id = {user}
    UNION SELECT school_id, NULL FROM schools_guardian WHERE user_id = {user}
    UNION SELECT school_id, id FROM schools_student WHERE user_id = {user}
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_trail"), ("schools", "0002_staff_divisions"), ("accounts", "0003_sign_in_failures")]

    operations = [
        Audited(
            "User", scope=SCHOOLS.format(user="($1->>'id')::bigint"), without=["last_login"], secret=["password"]
        ),
        Audited(
            "Identity",
            scope=SCHOOLS.format(user="($1->>'user_id')::bigint"),
            without=["last_sign_in_at"],
            secret=["subject"],
        ),
    ]
