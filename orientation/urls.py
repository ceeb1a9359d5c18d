"""The pages of orientation; each address names the child, by an identifier that cannot be guessed."""

from django.urls import path, register_converter

from orientation.models import PhaseKind
from orientation.views import choices, conflict, documents, home, submissions


class WritingPhaseConverter:
    """The phases in which families rank choices, as they stand in addresses."""

    regex = "intentions|choix-definitifs"

    def to_python(self, value: str) -> PhaseKind:
        return PhaseKind.from_slug(value)

    def to_url(self, value: PhaseKind | str) -> str:
        return value.slug if isinstance(value, PhaseKind) else value


register_converter(WritingPhaseConverter, "writing_phase")

app_name = "orientation"
urlpatterns = [
    path("", home.choose, name="choose"),
    path("<uuid:student>/", home.home, name="home"),
    path("<uuid:student>/<writing_phase:kind>/", choices.index, name="choices"),
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
