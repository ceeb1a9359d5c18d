from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = _("Exploitation")

    def ready(self) -> None:
        from django.core.signals import request_finished

        from operations import request_ids, tasks

        request_finished.connect(request_ids.end, dispatch_uid="operations.end")
        tasks.connect()
