from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("evenements/", views.events, name="events"),
]
