"""Every change of who is who stands in the trail."""

from django.db import migrations

from audit.operations import Audited


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_trail"), ("schools", "0004_staff_source")]

    operations = [
        Audited("School", school="pk"),
        Audited("Division", school="school"),
        Audited("Student", school="school", student="pk", without=["public_id", "folded_names"]),
        Audited("Guardian", school="school", without=["folded_name"]),
        Audited("Guardianship", school="student__school", student="student"),
        Audited("StaffMembership", school="school"),
        Audited("StaffMembership", many_to_many="divisions", school="school"),
    ]
