"""Signing in through OpenID providers, on mozilla-django-oidc: one set of classes, settings per provider.

To add a provider: its values in `settings.OIDC_PROVIDERS`, a member of `accounts.models.Provider`, a module of typed
claims, a backend, and its two addresses.
"""
