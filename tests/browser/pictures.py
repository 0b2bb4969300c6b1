"""`make pictures`: the pictures of `docs/ui.md`, taken of the UI over a small brand of made-up messages."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.served import Served, served
from tests.browser.tab import CHROMIUM, Tab, opened

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures"
LARGEST = 100_000
"""Bytes of one picture."""
DAYS, STORED = 14, 11


def lineage(tab: Tab, ui: Served) -> None:
    tab.open("/asset-groups", "Materialize all", "intermediate")
    tab.page.wait_for_timeout(5_000)


def lineage_open(tab: Tab, ui: Served) -> None:
    tab.open("/assets/metrics/messages_per_origin?view=lineage&lineageScope=upstream&lineageDepth=5", "message_pages")
    tab.page.wait_for_timeout(8_000)


def table(tab: Tab, ui: Served) -> None:
    tab.open("/assets/core/messages", "Fields: ", "Open messages.sql")


def days(tab: Tab, ui: Served) -> None:
    tab.open("/assets/raw/message_pages", "Materialize…", "Definition")
    tab.press("Materialize…")
    tab.dialog.wait_for()
    tab.choose_days(ui.day(STORED), ui.day(DAYS - 1))
    tab.page.wait_for_timeout(2_000)


def checks(tab: Tab, ui: Served) -> None:
    tab.open(
        "/assets/core/messages?view=checks&checkDetail=origins_are_known", "messages_are_dated", "Latest execution"
    )
    tab.page.wait_for_timeout(3_000)


def run(tab: Tab, ui: Served) -> None:
    (newest,) = ui.ask("{ runsOrError(limit: 1) { ... on Runs { results { runId } } } }")["runsOrError"]["results"]
    tab.follow(newest["runId"], "RUN_SUCCESS")
    tab.page.wait_for_timeout(3_000)


PICTURES: list[Callable[[Tab, Served], None]] = [lineage, lineage_open, table, days, checks, run]


def take(tab: Tab, name: str) -> None:
    """What the tab shows, as `name`.webp."""
    session = tab.page.context.new_cdp_session(tab.page)
    for quality in (80, 60, 40):
        shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": quality})
        picture = base64.b64decode(shot["data"])
        if len(picture) <= LARGEST:
            break
    (FOLDER / f"{name}.webp").write_bytes(picture)
    sys.stdout.write(f"{name}.webp: {len(picture):,} bytes\n")


def main() -> None:
    """Take them all."""
    if not CHROMIUM.exists():
        sys.exit(f"there is no {CHROMIUM}: apt-get install chromium")
    FOLDER.mkdir(exist_ok=True)
    with (
        TemporaryDirectory() as folder,
        served(Path(folder), DAYS, STORED, messages=2_000) as ui,
        opened(ui.url) as tab,
    ):
        for picture in PICTURES:
            picture(tab, ui)
            take(tab, picture.__name__)


if __name__ == "__main__":
    main()
