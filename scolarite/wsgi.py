"""The WSGI application that gunicorn serves: `gunicorn scolarite.wsgi`."""

import os

import django

from scolarite.http import Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scolarite.settings")

django.setup(set_prefix=False)
application = Handler()
