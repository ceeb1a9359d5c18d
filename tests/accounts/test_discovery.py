"""What is kept of the providers' documents, and for how long."""

from __future__ import annotations

import pytest
import time_machine

from accounts.oidc import discovery
from accounts.refusals import ProviderDown, ProviderLied
from tests.accounts.provider import Provider

DOWN = (503, "text/plain", b"")


def test_the_document_is_read_once(educonnect: Provider) -> None:
    for _ in range(3):
        discovery.metadata("educonnect")

    assert educonnect.calls == ["openid-configuration"]


def test_it_is_kept_in_the_process_when_the_cache_is_lost(educonnect: Provider, settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

    for _ in range(3):
        discovery.metadata("educonnect")

    assert educonnect.calls == ["openid-configuration"]


def test_redis_may_be_down(educonnect: Provider, settings) -> None:
    down = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": down}

    assert discovery.metadata("educonnect").issuer == educonnect.issuer


def test_another_process_finds_it_in_the_cache(educonnect: Provider) -> None:
    discovery.metadata("educonnect")
    discovery._copies.clear()

    discovery.metadata("educonnect")

    assert educonnect.calls == ["openid-configuration"]


def test_an_old_copy_serves_while_the_provider_is_down(educonnect: Provider, settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    with time_machine.travel("2026-11-23 08:00Z", tick=False):
        discovery.metadata("educonnect")
    educonnect.answers["openid-configuration"] = DOWN

    with time_machine.travel("2026-11-23 20:00Z", tick=False):
        assert discovery.metadata("educonnect").issuer == educonnect.issuer
    with time_machine.travel("2026-11-24 09:00Z", tick=False), pytest.raises(ProviderDown):
        discovery.metadata("educonnect")


def test_a_wrong_document_is_not_kept(educonnect: Provider) -> None:
    with time_machine.travel("2026-11-23 08:00Z", tick=False) as clock:
        educonnect.discovery = {"issuer": "https://evil.example"}
        with pytest.raises(ProviderLied):
            discovery.metadata("educonnect")
        educonnect.discovery = {}
        clock.shift(discovery.MIN_REFRESH_INTERVAL)
        with pytest.raises(ProviderLied):
            discovery.metadata("educonnect")

        assert discovery.metadata("educonnect").issuer == educonnect.issuer


def test_a_failed_sign_in_reads_the_document_again_but_not_each_time(educonnect: Provider) -> None:
    with time_machine.travel("2026-11-23 08:00Z", tick=False) as clock:
        discovery.metadata("educonnect")
        discovery.forget("educonnect")
        discovery.metadata("educonnect")
        assert len(educonnect.calls) == 1

        clock.shift(discovery.MIN_REFRESH_INTERVAL)
        discovery.forget("educonnect")
        discovery.metadata("educonnect")
        assert len(educonnect.calls) == 2


def test_the_issuer_is_compared_to_the_letter(educonnect: Provider) -> None:
    educonnect.discovery = {"issuer": educonnect.issuer + "/"}

    with pytest.raises(ProviderLied):
        discovery.metadata("educonnect")


def test_plain_http_is_refused_where_the_issuer_is_https() -> None:
    assert not discovery._is_acceptable("http://educonnect.example/token", "https://educonnect.example", optional=False)
