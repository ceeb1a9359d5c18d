"""The addresses of the council, under `/admin/etablissements/<UAI>/`."""

from django.urls import path, register_converter

from orientation.council.line_views import line
from orientation.council.publication_views import publish, withdraw
from orientation.council.rules import WRITING_KIND
from orientation.council.views import council, councils, news
from orientation.models import PhaseKind


class CouncilPhaseConverter:
    """The phases in which a council speaks, as they stand in addresses."""

    regex = "|".join(kind.slug for kind in WRITING_KIND)

    def to_python(self, value: str) -> PhaseKind:
        return PhaseKind.from_slug(value)

    def to_url(self, value: PhaseKind | str) -> str:
        return value.slug if isinstance(value, PhaseKind) else value


register_converter(CouncilPhaseConverter, "council_phase")

urlpatterns = [
    path("conseil/", councils, name="councils"),
    path("conseil/<council_phase:kind>/<int:division>/", council, name="council"),
    path("conseil/<council_phase:kind>/<int:division>/nouveautes/", news, name="council_news"),
    path("conseil/<council_phase:kind>/<int:division>/publier/", publish, name="publish_council"),
    path("conseil/<council_phase:kind>/<int:division>/retirer/", withdraw, name="withdraw_council"),
    path("conseil/<council_phase:kind>/<int:division>/<int:student>/", line, name="council_line"),
]
