"""Orientation as the school runs it, under `/admin/etablissements/<UAI>/`."""

from django.urls import URLPattern, path

from orientation import converters  # noqa: F401 - makes <writing_phase:…> known
from orientation.entry import views as entry

urlpatterns: list[URLPattern] = [
    path("saisie/<uuid:student>/<writing_phase:kind>/", entry.entry, name="entry"),
]
