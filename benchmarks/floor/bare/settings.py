"""The settings of the bare floor: nothing but what its pages need."""

import environ

env = environ.Env()
DATABASES = {"default": env.db_url("FLOOR_DATABASE_URL") | {"OPTIONS": {"pool": {"min_size": 1, "max_size": 4}}}}
SECRET_KEY = env("FLOOR_SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.sessions", "benchmarks.floor.bare"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "benchmarks.floor.bare.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
WSGI_APPLICATION = "benchmarks.floor.bare.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
