from django.apps import AppConfig


class SchoolsConfig(AppConfig):
    name = "schools"
    verbose_name = "Établissements et familles"

    def ready(self) -> None:
        from schools import contact, receivers  # noqa: F401  importing connects the receivers

        contact.register_kinds()
