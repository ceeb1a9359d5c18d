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
