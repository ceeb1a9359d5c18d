"""Who is who: schools, students, their guardians, and the staff."""

from schools.models.contact import ContactChange, ContactField, ContactOutcome
from schools.models.imports import FOR_A_WORKER, ImportFile, ImportOrigin, ImportState, SiecleImport
from schools.models.messages import Audience, MessageStanding, SchoolMessage
from schools.models.people import EmailState, Guardian, Guardianship, Relationship, ResponsibilityLevel, Student
from schools.models.school import Division, MembershipSource, Role, School, StaffMembership, TimeZone

__all__ = [
    "FOR_A_WORKER",
    "Audience",
    "ContactChange",
    "ContactField",
    "ContactOutcome",
    "Division",
    "EmailState",
    "Guardian",
    "Guardianship",
    "ImportFile",
    "ImportOrigin",
    "ImportState",
    "MembershipSource",
    "MessageStanding",
    "Relationship",
    "ResponsibilityLevel",
    "Role",
    "School",
    "SchoolMessage",
    "SiecleImport",
    "StaffMembership",
    "Student",
    "TimeZone",
]
