"""REDIS_URL, as the cache and the queue each want to hear it: one server, or the one that Sentinels name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SENTINEL = "redis+sentinel"
PORT = 26379


@dataclass(frozen=True)
class Redis:
    """Where Redis is: the cache's location and options, the broker's address and options."""

    location: str
    broker: str
    cache_options: dict[str, Any] = field(default_factory=dict)
    broker_options: dict[str, Any] = field(default_factory=dict)


def read(url: str) -> Redis:
    """Read `redis://…`, or `redis+sentinel://:password@one:26379,two:26379,three:26379/0?service=main`.

    The password is the servers'; `sentinel_password=` in the query is the Sentinels' own, where they have one.
    Raises ImproperlyConfigured.
    """
    if not url.startswith(f"{SENTINEL}://"):
        return Redis(url, url)
    parts = urlsplit(url)
    credentials, _at, hosts = parts.netloc.rpartition("@")
    username, _colon, password = credentials.partition(":")
    query = parse_qs(parts.query)
    database = parts.path.strip("/") or "0"
    if not hosts or not query.get("service"):
        raise ImproperlyConfigured(f"REDIS_URL: {SENTINEL}://…@host:port,host:port/0?service=NAME is needed")
    (service,) = query["service"]
    sentinels = [_host_and_port(each) for each in hosts.split(",")]
    own = {"password": query["sentinel_password"][0]} if "sentinel_password" in query else {}
    named = {"USERNAME": unquote(username)} if username else {}
    secret = {"PASSWORD": unquote(password)} if password else {}
    before = f"{credentials}@" if credentials else ""
    return Redis(
        location=f"redis://{quote(service)}/{database}",
        broker=";".join(f"sentinel://{before}{host}:{port}/{database}" for host, port in sentinels),
        cache_options={
            "CLIENT_CLASS": "django_redis.client.SentinelClient",
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "SENTINELS": sentinels,
            "SENTINEL_KWARGS": own | {"socket_timeout": 1, "socket_connect_timeout": 1},
        }
        | named
        | secret,
        broker_options={"master_name": service, "sentinel_kwargs": own | {"socket_timeout": 1}},
    )


def _host_and_port(text: str) -> tuple[str, int]:
    host, _colon, port = text.partition(":")
    return host, int(port or PORT)
