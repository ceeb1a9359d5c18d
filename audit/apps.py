from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Journal")

    def ready(self) -> None:
        from audit.context import watch
        from audit.figures import retention_figures
        from audit.rules import register_rules
        from operations.metrics import register_gauges

        connection_created.connect(watch, dispatch_uid="audit.context.watch")
        register_gauges("audit", retention_figures, label="rule")
        register_rules()
