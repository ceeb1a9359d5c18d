"""Who acts: an account together with the profile it signed in as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from accounts.models import Profile, User
from operations.prepared import Parameter, prepared
from schools.models import Guardian, Guardianship, Relationship, Student

PROFILE_SESSION_KEY = "profile"


@dataclass(frozen=True)
class StudentFile:
    """A student's file as one actor may open it.

    `guardian` is the record through which the actor is a legal guardian of the student, None for who only reads.
    """

    student: Student
    guardian: Guardian | None


@dataclass
class Actor:
    """An account and its profile; `profile` is None for an account that did not come as a family (staff)."""

    user: User
    profile: Profile | None

    @cached_property
    def files(self) -> list[StudentFile]:
        """The files this actor may open, at this moment: rights come from the tables, not from the sign-in.

        In the order of given names. One query (two for students).
        """
        if self.profile is Profile.GUARDIAN:
            return self._files_as_guardian()
        if self.profile is Profile.STUDENT:
            return self._files_as_student()
        return []

    def _files_as_guardian(self) -> list[StudentFile]:
        links = _legal_links(self.user.pk)
        by_student = {link.student_id: StudentFile(link.student, link.guardian) for link in reversed(links)}
        return list(reversed(by_student.values()))

    def _files_as_student(self) -> list[StudentFile]:
        """A student's own file; an adult who is *élève lui-même* in SIECLE is their own guardian (decision 3)."""
        own_links = Guardianship.objects.legal().filter(relationship=Relationship.SELF).select_related("guardian")
        students = (
            Student.objects.in_school()
            .of_student_account(self.user.pk)
            .select_related("school", "division")
            .prefetch_related(Prefetch("guardianships", queryset=own_links, to_attr="own_links"))
        )
        now = timezone.now()
        return [StudentFile(student, _own_guardian(student, now)) for student in students]

    def file_or_404(self, public_id: object) -> StudentFile:
        """Return the file of this student. Raises Http404 when it is not this actor's."""
        for file in self.files:
            if file.student.public_id == public_id:
                return file
        raise Http404


@prepared
def _legal_links(user: Parameter) -> QuerySet[Guardianship]:
    """The ties of an account to the pupils whose legal guardian it is, in the order of given names."""
    return (
        Guardianship.objects.legal()
        .exclude(relationship=Relationship.SELF)
        .filter(guardian__user_id=user, student__left_on__isnull=True)
        .select_related("guardian", "student__school", "student__division")
        .order_by("student__given_name", "student_id", "guardian_id")
    )


def _own_guardian(student: Student, now: datetime) -> Guardian | None:
    """Return the record through which an adult student is their own guardian; `own_links` is prefetched."""
    links: list[Guardianship] = student.own_links  # type: ignore[attr-defined]
    is_adult = student.is_adult_on(timezone.localdate(now, student.school.zone))
    return links[0].guardian if links and is_adult else None


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts in this request, the same object each time. The view is behind a sign-in."""
    if not hasattr(request, "_actor"):
        profile = request.session.get(PROFILE_SESSION_KEY)
        user = request.user
        assert isinstance(user, User)  # noqa: S101 - narrows the type; LoginRequiredMiddleware holds it
        request._actor = Actor(user=user, profile=Profile(profile) if profile else None)  # type: ignore[attr-defined]
    actor: Actor = request._actor  # type: ignore[attr-defined]
    return actor
