"""All settings, read from the environment (twelve-factor); `.env.example` lists every name.

Each value can also be given as the path of a file holding it, in `NAME_FILE` (Docker and Kubernetes secrets).
Nothing has an unsafe default: without its secrets the product does not start.
"""

from scolarite.settings.data import *  # noqa: F403
from scolarite.settings.environment import *  # noqa: F403
from scolarite.settings.identity import *  # noqa: F403
from scolarite.settings.mail import *  # noqa: F403
from scolarite.settings.operation import *  # noqa: F403
from scolarite.settings.security import *  # noqa: F403
from scolarite.settings.site import *  # noqa: F403
from scolarite.settings.static import *  # noqa: F403
from scolarite.settings.wording import *  # noqa: F403
