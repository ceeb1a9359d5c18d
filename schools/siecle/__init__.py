"""Pupils and guardians from SIECLE: `read_pair` reads and checks, `plan_import` compares, `apply_import` writes."""

from schools.siecle.errors import HostileFile, SiecleError, UnreadableFile, WrongPair, WrongSchool, WrongYear
from schools.siecle.pair import SiecleExport, read_pair
from schools.siecle.plan import Counts, ImportPlan, ImportReport, plan_import
from schools.siecle.records import Note
from schools.siecle.sources import SiecleFile
from schools.siecle.territories import is_uai, school_year_at, school_year_begins_at, school_years_around, time_zone_of
from schools.siecle.write import apply_import

__all__ = [
    "Counts",
    "HostileFile",
    "ImportPlan",
    "ImportReport",
    "Note",
    "SiecleError",
    "SiecleExport",
    "SiecleFile",
    "UnreadableFile",
    "WrongPair",
    "WrongSchool",
    "WrongYear",
    "apply_import",
    "is_uai",
    "plan_import",
    "read_pair",
    "school_year_at",
    "school_year_begins_at",
    "school_years_around",
    "time_zone_of",
]
