"""The addresses of the site (a contract: added to, never renamed)."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("portal.urls")),
    path("", include("accounts.urls")),
    path("mes-services/orientation/", include("orientation.urls")),
    path("courriel/", include("notifications.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.forbidden"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.server_error"
