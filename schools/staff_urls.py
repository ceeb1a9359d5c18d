"""The school's own pages, under `/admin/etablissements/<UAI>/`."""

from django.urls import URLPattern, path

from schools.journal import views as journal

urlpatterns: list[URLPattern] = [
    path("journal/", journal.journal, name="journal"),
    path("journal/<str:table>/<str:pk>/", journal.journal_object, name="journal_object"),
]
