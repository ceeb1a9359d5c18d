from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "Portail"

    def ready(self) -> None:
        from accounts import menu
        from portal.service import SERVICES

        for service in SERVICES:
            menu.register(service)
