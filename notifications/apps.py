from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Courriels"

    def ready(self) -> None:
        from notifications import receivers, retention  # noqa: F401  connects the receivers

        retention.register_rules()
