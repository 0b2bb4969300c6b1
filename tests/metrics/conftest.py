"""What the tests of the metrics share with pytest itself; warehouses to test on are in `filled`."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "dbt: needs the extra `dbt`; runs dbt itself")
