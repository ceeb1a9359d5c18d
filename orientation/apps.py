from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrientationConfig(AppConfig):
    name = "orientation"
    verbose_name = _("Orientation")

    def ready(self) -> None:
        from accounts import menu
        from orientation import mails, retention
        from orientation.council import mails as council_mails
        from orientation.decisions import mails as decision_mails
        from orientation.followup import reminders
        from orientation.notices import mails as notice_mails
        from orientation.service import ORIENTATION
        from schools import staff_pages
        from schools.policies import StaffAct

        menu.register(ORIENTATION)
        retention.register_rules()
        mails.register_kinds()
        council_mails.register_kinds()
        decision_mails.register_kinds()
        reminders.register_kinds()
        notice_mails.register_kinds()
        staff_pages.register(
            staff_pages.StaffPage(title=_("Campagne et phases"), url_name="campaign", act=StaffAct.READ, position=10)
        )
        staff_pages.register(
            staff_pages.StaffPage(title=_("Conseils de classe"), url_name="councils", act=StaffAct.READ, position=40)
        )
        staff_pages.register(
            staff_pages.StaffPage(title=_("Suivi des familles"), url_name="followup", act=StaffAct.READ, position=30)
        )
        staff_pages.register(
            staff_pages.StaffPage(title=_("Décisions"), url_name="decisions", act=StaffAct.READ, position=45)
        )
        staff_pages.register(
            staff_pages.StaffPage(title=_("Prévision des groupes"), url_name="totals", act=StaffAct.READ, position=50)
        )
        staff_pages.name_pages(
            {
                "acknowledge_for_family": _("Accusé de réception reçu sur papier"),
                "answer_for_family": _("Réponses reçues sur papier"),
                "council": _("Conseil de classe"),
                "decision_pdf": _("Notification d’une décision"),
                "decisions_pdf": _("Notifications des décisions d’une classe"),
                "dialogue_form": _("Fiche de dialogue"),
                "dialogue_forms": _("Fiches de dialogue d’une classe"),
                "entry": _("Saisie pour une famille"),
                "followup_export": _("Export du suivi des familles"),
                "student_dialogue": _("Fin du dialogue d’un élève"),
                "student_file": _("Dossier d’un élève"),
            }
        )
