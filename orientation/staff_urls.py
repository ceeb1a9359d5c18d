"""Orientation as the school runs it, under `/admin/etablissements/<UAI>/`."""

from django.urls import URLPattern, path

from orientation import converters  # noqa: F401 - makes <writing_phase:…> known
from orientation.documents import staff_views as documents
from orientation.entry import views as entry

urlpatterns: list[URLPattern] = [
    path("saisie/<uuid:student>/<writing_phase:kind>/", entry.entry, name="entry"),
    path("fiches/<uuid:student>.pdf", documents.dialogue_form, name="dialogue_form"),
    path("fiches/classe/<int:division>.pdf", documents.dialogue_forms, name="dialogue_forms"),
]
