"""Recovery codes in clear become digests, in their own rows: no table changes, no code is lost.

A web process of the former release does not recognise them: until it is replaced, it takes the application's codes only.
"""

from django.db import migrations

from accounts.staff.recovery_codes import hash_clear_codes


def hash_all(apps, schema_editor):
    hash_clear_codes(apps.get_model("otp_static", "StaticToken").objects.all())


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_account_language"),
        ("otp_static", "0003_add_timestamps"),
    ]

    operations = [migrations.RunPython(hash_all, migrations.RunPython.noop, elidable=True)]
