"""The addresses of decisions, under `/admin/etablissements/<UAI>/`."""

from django.urls import path

from orientation.decisions import student_views, views

urlpatterns = [
    path("decisions/", views.decisions, name="decisions"),
    path("decisions/notifier/", views.issue, name="issue_decisions"),
    path("decisions/notifications/<uuid:public_id>.pdf", views.decision_document, name="decision_pdf"),
    path("decisions/classe/<int:division>.pdf", views.decision_documents, name="decisions_pdf"),
    path("decisions/<uuid:student>/", student_views.student_dialogue, name="student_dialogue"),
    path("decisions/<uuid:student>/<slug:name>/", student_views.dialogue_act, name="dialogue_act"),
    path("decisions/<uuid:student>/etapes/<int:step>/annuler/", student_views.cancel, name="dialogue_cancel"),
]
