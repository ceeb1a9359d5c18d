from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Courriels")

    def ready(self) -> None:
        from notifications import figures, receivers, retention  # noqa: F401  connects the receivers
        from operations.metrics import register_gauges

        register_gauges("notifications", figures.as_gauges)
        retention.register_rules()
