from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Journal")

    def ready(self) -> None:
        from audit.context import watch
        from audit.rules import register_rules

        connection_created.connect(watch, dispatch_uid="audit.context.watch")
        register_rules()
