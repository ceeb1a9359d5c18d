"""Every change of a campaign and of a council's work stands in the trail.

A draft, its versions and a submission do not: they keep every version themselves, and the school reads no draft.
"""

from django.db import migrations

from audit.operations import Audited

OF_SHEET = {"school": "student__school", "student": "student"}
OF_ANSWER = {"school": "sheet__student__school", "student": "sheet__student"}


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_trail"), ("schools", "0002_staff_divisions"), ("orientation", "0006_council_others_version")]

    operations = [
        Audited("Campaign", school="school"),
        Audited("Phase", school="campaign__school"),
        Audited("SpecialityOffer", school="school"),
        Audited("Pathway"),
        Audited("Speciality"),
        Audited("DivisionPublication", school="division__school"),
        Audited("CouncilSheet", **OF_SHEET),
        Audited("CouncilAnswer", **OF_ANSWER),
        Audited("CouncilAnswer", many_to_many="recommended", **OF_ANSWER),
        Audited("Acknowledgement", **OF_ANSWER),
        Audited("FamilyAnswer", school="answer__sheet__student__school", student="answer__sheet__student"),
        Audited("Reminder", **OF_SHEET),
    ]
