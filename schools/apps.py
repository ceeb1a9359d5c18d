from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchoolsConfig(AppConfig):
    name = "schools"
    verbose_name = _("Établissements et familles")

    def ready(self) -> None:
        from operations.metrics import register_gauges
        from schools import contact, receivers, retention, staff_pages  # noqa: F401  importing connects the receivers
        from schools.imports.queries import imports_waiting
        from schools.policies import StaffAct

        register_gauges("schools", imports_waiting)
        contact.register_kinds()
        retention.register_rules()
        staff_pages.register(
            staff_pages.StaffPage(title=_("Actualités"), url_name="school_messages", act=StaffAct.READ, position=15)
        )
        staff_pages.register(
            staff_pages.StaffPage(title=_("Import SIECLE"), url_name="imports", act=StaffAct.IMPORT, position=20)
        )
        staff_pages.register(
            staff_pages.StaffPage(
                title=_("Coordonnées modifiées"), url_name="contact_changes", act=StaffAct.READ_CONTACT, position=35
            )
        )
        staff_pages.register(
            staff_pages.StaffPage(title=_("Journal"), url_name="journal", act=StaffAct.READ_JOURNAL, position=70)
        )
