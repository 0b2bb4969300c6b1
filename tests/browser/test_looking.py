"""What somebody sees who only looks: catalogue, lineage, the pages of tables, days, checks, runs."""

from __future__ import annotations

from tests.browser.served import DAYS, STORED, Served
from tests.browser.tab import Tab


def test_the_timeline_shows_the_run_of_the_command_line(tab: Tab, ui: Served) -> None:
    tab.open("/overview/activity/timeline", "daily_messages")
    assert "No runs" not in tab.text()
    tab.open("/runs", "daily_messages", "Success")
    assert "reamaze_pipeline/process" not in tab.text()


def test_the_catalogue_lists_tables_with_what_they_are(tab: Tab, ui: Served) -> None:
    tab.open("/assets", "core / messages")
    tab.see("Every message once")
    tab.see(f"{DAYS} partitions")


def test_the_lineage_is_readable_collapsed_and_open(tab: Tab, ui: Served) -> None:
    tab.open("/asset-groups", "Materialize all")
    nodes = tab.page.locator("foreignObject, [data-testid=asset-graph]")
    nodes.first.wait_for()
    for group in ("raw", "seeds", "core", "intermediate", "metrics", "reports"):
        tab.see(group)
    tab.open("/asset-groups?expanded=reamaze_pipeline@__repository__:metrics", "Materialize all")


def test_a_table_of_core_says_where_it_comes_from(tab: Tab, ui: Served) -> None:
    tab.open("/assets/core/messages", "Every message once", "domain: support", "layer: core", "messages.sql")
    columns = tab.page.locator("table", has_text="Column name")
    columns.first.wait_for()
    described = columns.first.bounding_box()
    definition = tab.see("Definition").bounding_box()
    assert described is not None
    assert definition is not None
    assert described["x"] + described["width"] <= definition["x"]  # the descriptions end before the next column
    for key in ("sql", "preview", "columns_from"):
        tab.see(key)
    tab.press("[Show Markdown]", tab.page.get_by_role("row").filter(has_text="columns_from"))
    tab.dialog.get_by_text("raw.message_pages.payload").first.wait_for()


def test_a_metric_shows_its_newest_day(tab: Tab, ui: Served) -> None:
    tab.open("/assets/metrics/staff_response_counts", "preview", "columns_from")
    assert ui.day(STORED - 1) in tab.text()


def test_a_view_has_no_days_and_a_preview(tab: Tab, ui: Served) -> None:
    tab.open("/assets/metrics/reply_turns", "Latest materialization", "columns_from")
    assert "Partitions" not in tab.page.get_by_role("tablist").inner_text()


def test_partitions_tell_stored_days_from_missing_ones(tab: Tab, ui: Served) -> None:
    tab.open("/assets/core/messages?view=partitions", f"Materialized ({STORED})", f"Missing ({DAYS - STORED})")


def test_checks_say_what_they_promise(tab: Tab, ui: Served) -> None:
    tab.open("/assets/core/messages?view=checks", "messages_are_dated", "not_null_message_id")
    shown = tab.text()
    assert "origins_are_known" in shown
    assert "relationships_origin" not in shown  # the same once more
