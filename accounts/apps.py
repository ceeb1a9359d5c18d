from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Comptes"

    def ready(self) -> None:
        from accounts import checks, mails, receivers  # noqa: F401 - importing registers checks and receivers

        mails.register_kinds()
