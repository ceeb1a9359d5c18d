from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Comptes")

    def ready(self) -> None:
        from accounts import checks, mails, receivers, retention  # noqa: F401 - importing registers checks and receivers
        from schools.policies import StaffAct
        from schools.staff_pages import StaffPage, register

        mails.register_kinds()
        retention.register_rules()
        register(StaffPage(title=_("Personnels"), url_name="staff_members", act=StaffAct.MANAGE_STAFF, position=60))
