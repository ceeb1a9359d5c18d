"""The school's own pages, under `/admin/etablissements/<UAI>/`."""

from django.urls import URLPattern, path

from schools.contact_changes import views as contact_changes
from schools.imports import views as imports
from schools.journal import views as journal
from schools.messages import views as messages

urlpatterns: list[URLPattern] = [
    path("actualites/", messages.index, name="school_messages"),
    path("actualites/nouvelle/", messages.new, name="school_message_new"),
    path("actualites/<int:pk>/", messages.change, name="school_message"),
    path("actualites/<int:pk>/terminer/", messages.end, name="school_message_end"),
    path("coordonnees/", contact_changes.index, name="contact_changes"),
    path("coordonnees/export.csv", contact_changes.export, name="contact_changes_export"),
    path("coordonnees/<int:pk>/reprise/", contact_changes.take, name="contact_change_take"),
    path("coordonnees/<int:pk>/ne-pas-reprendre/", contact_changes.refuse, name="contact_change_refuse"),
    path("journal/", journal.journal, name="journal"),
    path("journal/<str:table>/<slug:pk>/", journal.journal_object, name="journal_object"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<uuid:key>/", imports.import_page, name="import"),
    path("imports/<uuid:key>/confirmer/", imports.confirm, name="import_confirm"),
    path("imports/<uuid:key>/annuler/", imports.cancel, name="import_cancel"),
    path("imports/<uuid:key>/rapport.csv", imports.report, name="import_report"),
]
