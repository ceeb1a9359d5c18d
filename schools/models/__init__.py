"""Who is who: schools, students, their guardians, and the staff."""

from schools.models.people import EmailState, Guardian, Guardianship, Relationship, ResponsibilityLevel, Student
from schools.models.school import Division, MembershipSource, Role, School, StaffMembership, TimeZone

__all__ = [
    "Division",
    "EmailState",
    "Guardian",
    "Guardianship",
    "MembershipSource",
    "Relationship",
    "ResponsibilityLevel",
    "Role",
    "School",
    "StaffMembership",
    "Student",
    "TimeZone",
]
