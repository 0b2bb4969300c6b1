"""Seconds for a window of 30 days as a multiple of W x latency / workers, beside a plain pool of threads.

    python benchmarks/crawl_pace.py                       # 50 ms, 4 in flight, dates ignored and honoured
    python benchmarks/crawl_pace.py --latency-ms 100 --workers 8

The embedded API runs as a process of its own and takes `latency` for each answer. W is the number of pages that hold a
row of the window, and of those of the filtered lists that tell whose a row without a flag is: a reader who knows
everything opens these. The plain pool is such a reader: it is told them, and gets them with requests, parsed and thrown
away. Not for tests: seconds depend on the machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import requests
from crawl_vs_dlt import Server, Stopwatch

from reamaze_pipeline.api.client import ReamazeClient
from reamaze_pipeline.api.page import Audience, Page
from reamaze_pipeline.crawl.crawl import Window, crawl

Query = tuple[tuple[str, str], ...]
"""What one request asks for, as parameters."""


class Counting(ReamazeClient):
    """Remembers what was asked for, and which answers off a filtered list tell whose a row without a flag is."""

    def __init__(self, server: Server, workers: int) -> None:
        super().__init__(server.url, *server.login, concurrency=workers)
        self.asked: dict[tuple[Audience, int], Query] = {}
        self.needed: set[Query] = set()
        self._noting = threading.Lock()

    def page(
        self, audience: Audience = "all", number: int = 1, start: datetime | None = None, end: datetime | None = None
    ) -> Page:
        page = super().page(audience, number, start, end)
        query = {"page": str(number)} | ({"filter": audience} if audience != "all" else {})
        if start is not None and end is not None:
            query |= {"start_date": start.isoformat(), "end_date": end.isoformat()}
        with self._noting:
            self.asked[audience, number] = tuple(query.items())
            if audience != "all" and (start is not None or any(row.is_staff is None for row in page.rows)):
                self.needed.add(tuple(query.items()))
        return page


@dataclass
class Lap:
    """One reading: seconds by the clock and of this process's processor, requests made, pages that were needed."""

    clock: float
    processor: float
    requests: int
    needed: set[Query]


def ours(server: Server, windows: list[Window], workers: int) -> Lap:
    with Counting(server, workers) as client:
        watch = Stopwatch()
        for crawled in crawl(client, windows):
            client.needed |= {client.asked[kept.page.audience, kept.page.number] for kept in crawled.pages}
        spent = watch.stop()
        return Lap(spent.clock, spent.processor, client.traffic.requests, client.needed)


def plain(server: Server, workers: int, needed: set[Query]) -> Lap:
    headers = {"Accept": "application/json"}

    def get(query: Query) -> None:
        session.get(f"{server.url}/messages", params=dict(query), auth=server.login, headers=headers).json()

    watch = Stopwatch()
    with requests.Session() as session, ThreadPoolExecutor(workers) as pool:
        list(pool.map(get, sorted(needed)))
    spent = watch.stop()
    return Lap(spent.clock, spent.processor, len(needed), needed)


def main() -> None:
    parser = argparse.ArgumentParser(description="The crawl's pace beside a plain pool of threads.")
    parser.add_argument("--messages", type=int, default=250_000, help="size of the history (default: 250,000)")
    parser.add_argument("--latency-ms", type=float, default=50.0, help="how long an answer takes (default: 50)")
    parser.add_argument("--workers", type=int, default=4, help="requests in flight at once (default: 4)")
    parser.add_argument("--rounds", type=int, default=3, help="readings of each by each (default: 3)")
    told = parser.parse_args()
    os.environ |= {"NO_PROXY": "127.0.0.1"}
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=100)
    day = timedelta(days=1)
    windows = [Window(str(n), end - (n + 1) * day, end - n * day) for n in range(30)]
    print(f"{told.messages:,} messages; 30 days; {told.latency_ms:g} ms an answer; {told.workers} in flight")
    for honoured in (False, True):
        with Server(told.messages, told.latency_ms, honoured=honoured) as server:
            laps: dict[str, list[Lap]] = {"the crawl": [], "plain pool": []}
            for _ in range(told.rounds):
                laps["the crawl"].append(ours(server, windows, told.workers))
                laps["plain pool"].append(plain(server, told.workers, laps["the crawl"][-1].needed))
        pages = len(laps["the crawl"][0].needed)
        least = pages * told.latency_ms / 1000 / told.workers
        print(f"\ndates {'honoured' if honoured else 'ignored'}: W = {pages}, W x latency / workers = {least:.2f} s")
        print(f"   {'':12}requests   seconds   times that   least   processor ms a page   (medians of {told.rounds})")
        for reader, runs in laps.items():
            clock = statistics.median(lap.clock for lap in runs)
            processor = statistics.median(lap.processor / lap.requests for lap in runs) * 1000
            fastest = min(lap.clock for lap in runs) / least
            figures = f"{runs[0].requests:>8,}{clock:>10.2f}{clock / least:>13.2f}{fastest:>8.2f}{processor:>22.1f}"
            print(f"   {reader:12}{figures}")


if __name__ == "__main__":
    main()
