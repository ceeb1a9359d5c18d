"""What browsers are told, what the proxy is believed, how much one may ask for."""

from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from scolarite.settings.environment import env
from scolarite.settings.identity import OIDC_PROVIDERS
from scolarite.settings.site import SITE_IS_HTTPS


def _provider_origins() -> list[str]:
    issuers = (urlsplit(provider["OIDC_OP_ISSUER"]) for provider in OIDC_PROVIDERS.values())
    return sorted({f"{issuer.scheme}://{issuer.netloc}" for issuer in issuers if issuer.netloc})


SECURE_SSL_REDIRECT = SITE_IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^sante/"]
SECURE_HSTS_SECONDS = 63_072_000 if SITE_IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SITE_IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXY = env.bool("TRUSTED_PROXY", default=False)
if TRUSTED_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],  # the design system's style sheet holds data: drawings
        "connect-src": [SELF],
        # browsers apply form-action to the redirects that follow a form: signing in and out leads to the providers
        "form-action": [SELF, *_provider_origins()],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
RATE_LIMITS_ARE_ON = env.bool("RATE_LIMITS", default=True)
RATE_LIMITS = {
    "sign_in": {"address": "1500/10minutes"},
    "linking": {"address": "1000/hour"},
    "staff_sign_in": {"address": "300/10minutes"},
    "contact": {"account": "20/hour", "address": "300/hour", "school": "600/hour"},
    "own_data": {"account": "20/hour", "address": "1200/hour"},
    "validation": {"account": "30/10minutes", "address": "3000/10minutes", "school": "6000/10minutes"},
}
"""How often what can be guessed or flooded may be asked for, counted by `accounts.limits`.

A school's computers share one address: 300 parents who sign in there on one evening, three tries each, come through; so
does a school of 2,000 pupils whose parents validate in the last ten minutes.
"""
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
SIECLE_UPLOAD_MAX_BYTES = 30 * 1024 * 1024
"""Of one of the two exports: twice that must pass nginx (client_max_body_size below /admin/) and fit in /tmp."""
