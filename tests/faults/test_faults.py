"""The faults that are quick to inject; `make faults` injects them all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.common import MANY
from tests.faults.scenarios import QUICK, Scenario, name_of
from tests.faults.site import Site

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("faults")]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(families=MANY * len(QUICK)) as running:
        yield running


@pytest.mark.parametrize("scenario", QUICK, ids=name_of)
def test_what_was_accepted_is_kept_and_its_mails_leave_once(site: Site, scenario: Scenario) -> None:
    row = scenario(site)
    assert row.accepted > 0
    assert row.faults == [], row.cells
