from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Portail")

    def ready(self) -> None:
        from accounts import menu
        from portal import contact, retention
        from portal.service import SERVICES

        contact.register_kinds()
        retention.register_rules()

        for service in SERVICES:
            menu.register(service)


class StaffAdminConfig(AdminConfig):
    """Django admin on the site of the school's staff."""

    default_site = "portal.staff_site.StaffSite"

    def ready(self) -> None:
        super().ready()
        from django.contrib import admin
        from django.contrib.auth.models import Group
        from django_otp.plugins.otp_static.models import StaticDevice
        from django_otp.plugins.otp_totp.models import TOTPDevice
        from dsfr.models import DsfrConfig

        admin.site.unregister([StaticDevice, TOTPDevice])  # nobody reads another's secrets
        admin.site.unregister([Group, DsfrConfig])  # rights are roles in a school, and the brand is a setting
