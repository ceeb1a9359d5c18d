"""Which static files are served: django-dsfr ships 17 MB of design system, of which the pages use a small part."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class UsedStaticFilesConfig(StaticFilesConfig):
    """Leave out the parts of the design system that no page links to."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "dsfr/dist/analytics/*",
        "dsfr/dist/component/*",
        "dsfr/dist/core/*",
        "dsfr/dist/dsfr/*",
        "dsfr/dist/layout/*",
        "dsfr/dist/legacy/*",
        "dsfr/dist/scheme/*",
        "dsfr/dist/dsfr.legacy.min.css",
        "dsfr/dist/dsfr.min.css",
        "dsfr/dist/utility/colors/*",
        "dsfr/dist/utility/utility*",
        "*.woff",
    ]
