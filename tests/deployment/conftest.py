"""The deployment that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.deployment.running import Deployment


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with Deployment(tmp_path_factory.mktemp("deployment")) as deployment:
        yield deployment


@pytest.fixture
def restored(deployment: Deployment) -> Iterator[Callable[[str], None]]:
    """Start again afterwards what a test kills."""
    killed: list[str] = []

    def kill(name: str) -> None:
        deployment.kill(name)
        killed.append(name)

    yield kill
    for name in killed:
        deployment.start_again(name)
