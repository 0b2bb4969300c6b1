"""A tab of the browser as a person uses it: open a page, read what is there, press what is named."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Locator, Page

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE = 120_000
"""Milliseconds within which a page must show what it is asked for; on a machine that does much else besides."""
OF_DAGSTERS_OWN = re.compile(
    r"go\.apollo\.dev/c/err"  # a deprecated option of its client, told on every page
    r"|Download the Apollo DevTools"
    r"|WebSocket connection to .* failed: WebSocket is closed before the connection is established"  # of a page left
)
"""What Dagster's own pages say to the console by themselves."""


class Tab:
    """``page`` is Playwright's; ``said`` is what its console said that is not Dagster's own, page by page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.said: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.said.append(f"{page.url}: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if not OF_DAGSTERS_OWN.search(message.text):
            self.said.append(f"{self.page.url}: {message.type}: {message.text}")

    def open(self, path: str, *texts: str) -> None:
        """A page, and wait until it shows all of the texts."""
        self.page.goto(f"{self.url}{path}", wait_until="commit")
        for text in texts:
            self.see(text)

    def see(self, text: str | re.Pattern[str]) -> Locator:
        """Wait until it is there for the eye; the first of several."""
        found = self.page.get_by_text(text).locator("visible=true").first
        found.wait_for()
        return found

    def follow(self, run: str, event: str) -> None:
        """The page of a run, until its log shows the event that ends it; a run takes longer than a page."""
        self.open(f"/runs/{run}")
        self.page.get_by_text(event).locator("visible=true").first.wait_for(timeout=4 * PATIENCE)

    def press(self, name: str | re.Pattern[str], inside: Locator | None = None) -> None:
        """What has the name written on it."""
        (inside or self.page).get_by_text(name).locator("visible=true").first.click()

    def text(self) -> str:
        """All that is written on the page."""
        return self.page.locator("body").inner_text()

    @property
    def dialog(self) -> Locator:
        return self.page.locator("[role=dialog][aria-modal=true]")

    def confirm(self, name: str | re.Pattern[str]) -> None:
        """The dialog that is open, by the button with the name, and see it go."""
        self.dialog.get_by_role("button", name=name).click()
        self.dialog.wait_for(state="detached")

    def choose_beside_materialize(self, name: str) -> None:
        """One of the asset's further actions."""
        self.page.locator("button[role=button][class*=Button_primary]").click()
        self.press(name)
        self.dialog.wait_for()

    def choose_days(self, first: str, last: str) -> None:
        """In the dialog that is open: a range."""
        days = self.dialog.get_by_placeholder(re.compile("^ex: |artitions")).first
        days.fill(f"[{first}...{last}]" if first != last else first)
        days.press("Enter")
        self.page.wait_for_timeout(1_500)  # what is chosen is taken over a moment later

    def until(self, path: str, text: str | re.Pattern[str], seconds: float = 300) -> None:
        """Open a page again and again until it shows the text: the lists refresh themselves, but not often."""
        end = time.monotonic() + seconds
        pattern = text if isinstance(text, re.Pattern) else re.compile(re.escape(text))
        while True:
            self.page.goto(f"{self.url}{path}", wait_until="commit")
            self.page.wait_for_timeout(5_000)
            if pattern.search(self.text()):
                return
            assert time.monotonic() < end, f"{path} never showed {pattern.pattern}: {self.text()[-1500:]}"


@contextmanager
def opened(url: str) -> Iterator[Tab]:
    """A tab in a browser of its own."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 it may not be there

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
            yield Tab(context.new_page(), url)
        browser.close()
