"""The pages of orientation; each address names the child, by an identifier that cannot be guessed."""

from django.urls import path

from orientation import converters  # noqa: F401 - makes <writing_phase:…> known
from orientation.views import choices, conflict, council, decisions, documents, home, past, submissions, switching

app_name = "orientation"
urlpatterns = [
    path("", home.choose, name="choose"),
    path("<uuid:student>/", home.home, name="home"),
    path("<uuid:student>/aller/<phase:kind>/", switching.switch, name="switch"),
    path("<uuid:student>/avis-provisoires/", council.opinions, name="opinions"),
    path("<uuid:student>/avis-provisoires/accuser-reception/", council.acknowledge, name="acknowledge"),
    path("<uuid:student>/propositions/", council.proposals, name="proposals"),
    path("<uuid:student>/propositions/<slug:pathway>/d-accord/", council.answer, {"agrees": True}, name="agree"),
    path(
        "<uuid:student>/propositions/<slug:pathway>/pas-d-accord/", council.answer, {"agrees": False}, name="disagree"
    ),
    path("<uuid:student>/annees/<int:year>/", past.past_year, name="past_year"),
    path(
        "<uuid:student>/annees/<int:year>/<writing_phase:kind>/demande/<int:number>/recepisse.pdf",
        past.past_receipt,
        name="past_receipt",
    ),
    path("<uuid:student>/decisions/", decisions.decisions, name="decisions"),
    path("<uuid:student>/decisions/<uuid:public_id>.pdf", decisions.pdf, name="decision_pdf"),
    path("<uuid:student>/echeances.ics", decisions.deadlines, name="deadlines"),
    path("<uuid:student>/<writing_phase:kind>/", choices.index, name="choices"),
    path("<uuid:student>/<writing_phase:kind>/partir-des-intentions/", choices.copy, name="copy_intentions"),
    path("<uuid:student>/<writing_phase:kind>/ajouter/", choices.add, name="add_choice"),
    path("<uuid:student>/<writing_phase:kind>/<slug:pathway>/modifier/", choices.edit, name="edit_choice"),
    path("<uuid:student>/<writing_phase:kind>/<slug:pathway>/supprimer/", choices.remove, name="remove_choice"),
    path("<uuid:student>/<writing_phase:kind>/<slug:pathway>/deplacer/", choices.move, name="move_choice"),
    path("<uuid:student>/<writing_phase:kind>/annuler/", choices.reset, name="reset_choices"),
    path("<uuid:student>/<writing_phase:kind>/conflit/<uuid:public_id>/", conflict.conflict, name="conflict"),
    path("<uuid:student>/<writing_phase:kind>/valider/", submissions.validate, name="validate_choices"),
    path("<uuid:student>/<writing_phase:kind>/demande/<int:number>/", submissions.show, name="submission"),
    path("<uuid:student>/<writing_phase:kind>/demande/<int:number>/recepisse.pdf", documents.receipt, name="receipt"),
]
