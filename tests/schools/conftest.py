"""What the tests of SIECLE share."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from schools.siecle import ImportReport, apply_import, read_pair
from tests.schools.exports import YEAR, Pair

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Import = Callable[..., ImportReport]


@pytest.fixture
def take(db: None) -> Import:
    """Import a pair, creating its school."""

    def run(pair: Pair, *, at: datetime = NOW) -> ImportReport:
        return apply_import(read_pair(pair.files(), expected_year=YEAR), at=at, create_school=True)

    return run
