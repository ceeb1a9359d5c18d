"""Orientation as the school runs it, under `/admin/etablissements/<UAI>/`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
