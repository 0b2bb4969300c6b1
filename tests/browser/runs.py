"""Runs as Dagster counts them: which is the newest, for tests that began one by a click."""

from __future__ import annotations

from tests.browser.served import Served
from tests.browser.tab import Tab


def newest_run(ui: Served) -> str:
    (run,) = ui.ask("{ runsOrError(limit: 1) { ... on Runs { results { runId } } } }")["runsOrError"]["results"]
    return str(run["runId"])


def wait_for_another_run(tab: Tab, ui: Served, than: str) -> str:
    while (run := newest_run(ui)) == than:
        tab.page.wait_for_timeout(1_000)
    return run
