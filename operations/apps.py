from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = "Exploitation"

    def ready(self) -> None:
        from django.core.signals import request_finished

        from operations import request_ids, tasks

        request_finished.connect(request_ids.end, dispatch_uid="operations.end")
        tasks.connect()
