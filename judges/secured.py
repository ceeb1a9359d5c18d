"""The deployment behind TLS with the families of the demonstration, for the judges that attack it."""

from __future__ import annotations

from pathlib import Path

from tests.deployment import files
from tests.deployment.running import Deployment

SIGN_IN = """
from django.conf import settings
from django.test import Client
from accounts.models import Profile
from schools.models import Guardian
from tests.factories import account, sign_in
user = account({given_name!r}, {family_name!r})
for guardian in Guardian.objects.filter(given_name={given_name!r}, family_name={family_name!r}):
    guardian.user = user  # one record per school
    guardian.save()
print(sign_in(Client(), user, Profile.GUARDIAN).cookies[settings.SESSION_COOKIE_NAME].value)
"""

LEFT_ALONE = "location ~ ^/(deconnexion/$|espace-famille/connexions/) { return 404; }"
"""What would end the session that scans; nginx says it, for `wapiti --exclude` fails on Python 3.11."""


class Secured(Deployment):
    """The deployment, whose plain port leads to its own TLS port, and whose database holds the demonstration."""

    def _adapted_configuration(self, name: str, *, mode: str, http: int, health: int) -> Path:
        configuration = super()._adapted_configuration(name, mode=mode, http=http, health=health)
        tls = configuration.parent / "tls.conf"
        tls.write_text(tls.read_text().replace("https://$host$", f"https://$host:{self.https}$"))
        pages = configuration.parent / "pages.conf"
        pages.write_text(f"{LEFT_ALONE}\n{pages.read_text()}")
        return configuration

    def _one_shot(self) -> None:
        super()._one_shot()
        self._manage_demo("load_demo", "--exports", str(self.folder / "siecle"))

    def _manage_demo(self, *arguments: str) -> str:
        """Run a management command with the demonstration and the tests at hand, which no image holds."""
        name = f"demo-{arguments[0]}"
        environment = self.environment | {"DEMO": "1", "PYTHONPATH": str(files.BASE)}
        process = self._process(name, ["python", "manage.py", *arguments], environment, folder=files.BASE)
        process.finish(180)
        del self.processes[name]
        return process.log.read_text()

    def session_of(self, given_name: str, family_name: str) -> str:
        """Sign a guardian in; return the key of their session."""
        said = self._manage_demo("shell", "-c", SIGN_IN.format(given_name=given_name, family_name=family_name))
        return said.split()[-1]
