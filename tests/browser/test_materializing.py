"""What somebody does with days: a range launched from the dialog, a run stopped, a failed one executed again."""

from __future__ import annotations

import re

from tests.browser.runs import newest_run, wait_for_another_run
from tests.browser.served import STORED, Served
from tests.browser.tab import Tab


def materialize(tab: Tab, asset: str, first: str, last: str) -> None:
    """From the asset's page, by its button; leaves the page of the run, or the list of runs."""
    tab.open(f"/assets/{asset}", "Definition", "Materialize…")
    tab.press("Materialize…")
    tab.dialog.wait_for()
    tab.choose_days(first, last)
    tab.confirm(re.compile("^Launch"))


def test_a_range_launched_by_clicking_ends_well(tab: Tab, ui: Served) -> None:
    before = newest_run(ui)
    first, last = ui.day(STORED), ui.day(STORED + 1)
    materialize(tab, "raw/message_pages", first, last)
    run = wait_for_another_run(tab, ui, before)
    tab.follow(run, "RUN_SUCCESS")
    tab.open("/assets/raw/message_pages?view=partitions", f"Materialized ({STORED + 2})")


def test_a_day_whose_pages_are_not_stored_is_refused_with_the_command(tab: Tab, ui: Served) -> None:
    before, day = newest_run(ui), ui.day(STORED + 2)
    materialize(tab, "core/messages", day, day)
    run = wait_for_another_run(tab, ui, before)
    tab.follow(run, "RUN_FAILURE")
    tab.see(re.compile(rf"backfill --from {day} --to {day}"))


def test_a_run_can_be_stopped_and_what_failed_executed_again(tab: Tab, ui: Served) -> None:
    before, day = newest_run(ui), ui.day(STORED + 2)
    ui.sandbox.faults.latency_ms = 20_000
    try:
        materialize(tab, "raw/message_pages", day, day)
        run = wait_for_another_run(tab, ui, before)
        tab.open(f"/runs/{run}", "STEP_START")
        tab.press("Terminate")
        tab.dialog.get_by_role("button", name=re.compile("erminate")).click()
        tab.follow(run, "RUN_CANCELED")
    finally:
        ui.sandbox.faults.latency_ms = 0
    tab.press("Re-execute")
    again = wait_for_another_run(tab, ui, run)
    tab.follow(again, "RUN_SUCCESS")


def test_what_failed_goes_on_from_there_once_its_input_is_stored(tab: Tab, ui: Served) -> None:
    failed = "{ runsOrError(filter: {statuses: [FAILURE]}) { ... on Runs { results { runId } } } }"
    run, before = ui.ask(failed)["runsOrError"]["results"][0]["runId"], newest_run(ui)
    tab.follow(run, "RUN_FAILURE")
    tab.page.get_by_role("button", name=re.compile("Re-execute")).first.locator("xpath=following::button[1]").click()
    tab.press("From failure")
    tab.follow(wait_for_another_run(tab, ui, before), "RUN_SUCCESS")
    tab.open("/assets/core/messages?view=partitions", f"Materialized ({STORED + 1})")
