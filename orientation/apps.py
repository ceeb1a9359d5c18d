from django.apps import AppConfig


class OrientationConfig(AppConfig):
    name = "orientation"
    verbose_name = "Orientation"

    def ready(self) -> None:
        from accounts import menu
        from orientation import mails
        from orientation.council import mails as council_mails
        from orientation.service import ORIENTATION

        menu.register(ORIENTATION)
        mails.register_kinds()
        council_mails.register_kinds()
