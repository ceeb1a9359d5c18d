"""Who acts: an account together with the profile it signed in as."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from accounts.models import Profile, User
from schools.models import Guardian, Relationship, Student
from schools.models.people import StudentQuerySet

PROFILE_SESSION_KEY = "profile"


@dataclass(frozen=True)
class Actor:
    """An account and its profile; `profile` is None for an account that did not come as a family (staff)."""

    user: User
    profile: Profile | None

    def students(self) -> StudentQuerySet:
        """The students whose file this actor may open, at this moment: rights come from the tables, not the sign-in."""
        students = Student.objects.in_school().select_related("school", "division")
        if self.profile is Profile.GUARDIAN:
            return students.of_guardian_account(self.user.pk)
        if self.profile is Profile.STUDENT:
            return students.of_student_account(self.user.pk)
        return students.none()

    def guardian_of(self, student: Student) -> Guardian | None:
        """Return the record through which this actor is a legal guardian of the student, if they are.

        An adult student whose SIECLE link is *élève lui-même* is their own, from the student profile (decision 3).
        """
        links = Guardian.objects.filter(guardianships__student=student, guardianships__level=1)
        if self.profile is Profile.GUARDIAN:
            links = links.filter(user=self.user).exclude(guardianships__relationship=Relationship.SELF)
        elif self.profile is Profile.STUDENT and student.user_id == self.user.pk:
            links = links.filter(guardianships__relationship=Relationship.SELF)
        else:
            return None
        return links.first()


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts in this request. The view is behind a sign-in."""
    profile = request.session.get(PROFILE_SESSION_KEY)
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows the type; LoginRequiredMiddleware holds it
    return Actor(user=user, profile=Profile(profile) if profile else None)
