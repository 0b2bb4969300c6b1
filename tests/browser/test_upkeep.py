"""What somebody does to what is recorded: wipe, report, switch the schedule, reload a model that was edited."""

from __future__ import annotations

from tests.browser.runs import newest_run, wait_for_another_run
from tests.browser.served import OWN_MODEL, STORED, Served
from tests.browser.tab import Tab

OWLS = "/assets/metrics/night_owls"


def test_an_edited_model_is_out_of_date_until_backfill_redoes_it(tab: Tab, ui: Served) -> None:
    day = f"{OWLS}?view=partitions&partition={ui.day(0)}"
    tab.open(day, "Latest materialization")
    assert "Unsynced" not in tab.text()
    ui.own_model.write_text(OWN_MODEL.replace("< 6", "< 7"))
    tab.open("/deployment/locations", "Reload all")
    tab.press("Reload")
    tab.until(day, "Unsynced")
    said = ui.command("backfill", "--from", ui.day(0), "--to", ui.day(STORED - 1))
    assert "built: metrics.night_owls" in said
    tab.open(day, "View all historical events (2)")
    tab.page.wait_for_timeout(3_000)
    assert "Unsynced" not in tab.text()


def test_wiped_materializations_can_be_reported_again(tab: Tab, ui: Served) -> None:
    tab.open(OWLS, "Definition", "Materialize…")
    tab.choose_beside_materialize("Wipe materializations")
    tab.dialog.get_by_role("button", name="Wipe").click()  # the dialog stays, and says what was done
    tab.page.wait_for_timeout(3_000)
    tab.until(f"{OWLS}?view=partitions", "Materialized (0)")
    tab.open(OWLS, "Definition", "Materialize…")
    tab.choose_beside_materialize("Report materialization events")
    tab.choose_days(ui.day(0), ui.day(1))
    tab.confirm("Report 2 events")
    tab.open(f"{OWLS}?view=partitions", "Materialized (2)")


def test_the_schedule_is_switched_on_and_its_tick_says_which_days_it_asks_for(tab: Tab, ui: Served) -> None:
    tab.open("/locations/reamaze_pipeline/schedules/daily_messages_schedule", "Preview tick result", "Each night")
    assert schedule_status(ui) == "STOPPED"
    tab.page.locator("label:has(input[type=checkbox])").first.click()
    while schedule_status(ui) != "RUNNING":
        tab.page.wait_for_timeout(500)
    before = newest_run(ui)
    tab.press("Preview tick result")
    tab.press("Continue", tab.dialog)
    tab.see("Requested runs (1)")
    tab.dialog.locator("table button").last.click()
    tab.see(f"days: {ui.day(0)}")
    tab.dialog.last.get_by_role("button", name="OK").click()
    tab.press("Launch all & commit tick result", tab.dialog.first)
    tab.follow(wait_for_another_run(tab, ui, before), "RUN_SUCCESS")
    tab.open("/runs", f"days: {ui.day(0)}")


def schedule_status(ui: Served) -> str:
    name = "daily_messages_schedule"
    at = f'repositoryName: "__repository__", repositoryLocationName: "reamaze_pipeline", scheduleName: "{name}"'
    state = "... on Schedule { scheduleState { status } }"
    found = ui.ask(f"{{ scheduleOrError(scheduleSelector: {{{at}}}) {{ {state} }} }}")
    return str(found["scheduleOrError"]["scheduleState"]["status"])
