"""Who turned on a second factor, and who forgot it, stands in the trail; its secret and its use do not."""

from importlib import import_module

from django.db import migrations

from audit.operations import Audited

SCHOOLS = import_module("accounts.migrations.0004_audit").SCHOOLS


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_audit"),
        ("otp_totp", "0003_add_timestamps"),
    ]

    operations = [
        Audited(
            "otp_totp.TOTPDevice",
            scope=SCHOOLS.format(user="($1->>'user_id')::bigint"),
            without=[
                "name",
                "step",
                "t0",
                "digits",
                "tolerance",
                "drift",
                "last_t",
                "throttling_failure_timestamp",
                "throttling_failure_count",
                "created_at",
                "last_used_at",
            ],
            secret=["key"],
        ),
    ]
