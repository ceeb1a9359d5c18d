"""The school's own pages, under `/admin/etablissements/<UAI>/`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
