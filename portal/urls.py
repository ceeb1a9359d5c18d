"""The pages around the services."""

from django.urls import path

from portal.views import contact, contact_data, family, health, news, own_data, pages

app_name = "portal"
urlpatterns = [
    path("", pages.home, name="home"),
    path("mes-services/", pages.services, name="services"),
    path("mes-services/actualites/", news.news, name="news"),
    path("mes-services/fiche-renseignements/", contact_data.show, name="contact_data"),
    path("mes-services/fiche-renseignements/rappels/", contact_data.reminders, name="reminders"),
    path("courriel/confirmation/<str:token>/", contact_data.confirm, name="confirm_email"),
    path("courriel/rappels/<str:token>/", contact_data.mute, name="mute_reminders"),
    path("contact/", contact.contact, name="contact"),
    path("contact/message/", contact.write, name="contact_write"),
    path("contact/message/<uuid:key>/", contact.sent, name="contact_sent"),
    path("espace-famille/", family.family, name="family"),
    path("espace-famille/historique/", family.history, name="family_history"),
    path("espace-famille/courriels/", family.mails, name="family_mails"),
    path("espace-famille/connexions/", family.connections, name="connections"),
    path("espace-famille/connexions/tout-fermer/", family.end_all, name="end_connections"),
    path("espace-famille/connexions/<uuid:public_id>/fermer/", family.end_one, name="end_connection"),
    path("espace-famille/mes-donnees/", own_data.own_data, name="own_data"),
    path("espace-famille/mes-donnees/donnees.json", own_data.as_json, name="own_data_json"),
    path("espace-famille/mes-donnees/donnees.pdf", own_data.as_pdf, name="own_data_pdf"),
    path("assistance/", pages.assistance, name="assistance"),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("schema-pluriannuel/", pages.accessibility_plan, name="accessibility_plan"),
    path("mentions-legales/", pages.legal, name="legal"),
    path("donnees-personnelles/", pages.personal_data, name="personal_data"),
    path("cookies/", pages.cookies, name="cookies"),
    path("conditions-utilisation/", pages.terms, name="terms"),
    path("plan-du-site/", pages.sitemap, name="sitemap"),
    path("sante/vivant/", health.live, name="live"),
    path("sante/pret/", health.ready, name="ready"),
    path("sante/mesures/", health.metrics, name="metrics"),
    path(".well-known/security.txt", pages.security_txt, name="security_txt"),
]
