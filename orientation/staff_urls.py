"""Orientation as the school runs it, under `/admin/etablissements/<UAI>/`."""

from django.urls import URLPattern, path

from orientation import converters  # noqa: F401 - makes <writing_phase:…> and <phase:…> known
from orientation.campaigns import views as campaigns
from orientation.council import urls as council
from orientation.decisions import urls as decisions
from orientation.documents import staff_views as documents
from orientation.entry import council_views as council_entry
from orientation.entry import views as entry
from orientation.followup import totals_views as totals
from orientation.followup import views as followup

urlpatterns: list[URLPattern] = [
    path("campagne/", campaigns.campaign, name="campaign"),
    path("campagne/nouvelle/", campaigns.new, name="campaign_new"),
    path("campagne/message/", campaigns.message, name="campaign_message"),
    path("campagne/<int:year>/", campaigns.campaign, name="campaign_year"),
    path("campagne/<int:year>/dates/", campaigns.dates, name="campaign_dates"),
    path("campagne/<int:year>/offre/", campaigns.offer, name="campaign_offer"),
    path("campagne/<int:year>/reglages/<slug:name>/", campaigns.setting, name="campaign_setting"),
    path("campagne/<int:year>/<phase:kind>/ouvrir/", campaigns.open_phase, name="campaign_open"),
    path("campagne/<int:year>/<phase:kind>/fermer/", campaigns.close_phase, name="campaign_close"),
    path("campagne/<int:year>/<phase:kind>/prolonger/", campaigns.keep_open, name="campaign_keep_open"),
    path("saisie/<uuid:student>/<writing_phase:kind>/", entry.entry, name="entry"),
    path("fiches/<uuid:student>.pdf", documents.dialogue_form, name="dialogue_form"),
    path("fiches/classe/<int:division>.pdf", documents.dialogue_forms, name="dialogue_forms"),
    *council.urlpatterns,
    *decisions.urlpatterns,
    path("suivi/", followup.followup, name="followup"),
    path("suivi/relances/", followup.reminders, name="reminders"),
    path("suivi/export/", followup.followup_export, name="followup_export"),
    path("suivi/totaux/", totals.totals, name="totals"),
    path("suivi/totaux/export/", totals.totals_export, name="totals_export"),
    path("suivi/<uuid:student>/", followup.student_file, name="student_file"),
    path("suivi/<uuid:student>/accuse/", council_entry.acknowledge, name="acknowledge_for_family"),
    path("suivi/<uuid:student>/reponses/", council_entry.answer, name="answer_for_family"),
]
