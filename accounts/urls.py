"""Signing in and out (addresses are a contract: docs/architecture.md)."""

from django.urls import path

from accounts.models import Provider
from accounts.oidc.views import CallbackView, RequestView
from accounts.views import language, session, sign_in, sign_out, verification

app_name = "accounts"
urlpatterns = [
    path("connexion/", sign_in.profile, name="profile"),
    path("connexion/representant/", sign_in.guardian, name="guardian"),
    path("connexion/eleve/", sign_in.student, name="student"),
    path("connexion/verification/", verification.verification, name="verification"),
    path("connexion/session/", session.session, name="session"),
    path("langue/", language.language, name="language"),
    path("deconnexion/", sign_out.sign_out, name="sign_out"),
    path("deconnexion/retour/", sign_out.signed_out, name="signed_out"),
]
for provider in Provider.values:
    urlpatterns += [
        path(f"connexion/{provider}/", RequestView.as_view(provider=provider), name=provider),
        path(f"connexion/{provider}/retour/", CallbackView.as_view(provider=provider), name=f"{provider}_callback"),
    ]
