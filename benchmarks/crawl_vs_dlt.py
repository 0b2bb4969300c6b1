"""Requests and seconds for exact windows of messages, side by side with dlt's `rest_api` source.

    python benchmarks/crawl_vs_dlt.py                     # cases A to E
    python benchmarks/crawl_vs_dlt.py --cases A --rounds 1 --latency-ms 50

Both read the same embedded API, which runs as a process of its own on loopback, in turns, each into a DuckDB file of
its own. The requests are counted by that API, and what was stored is compared with a plain reading of the list at rest.
Needs dlt beside the project: `pip install 'dlt[duckdb,parquet]'`. What each was told is printed; see README.md.
Not for tests: seconds depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import requests

from reamaze_pipeline.api.client import ReamazeClient
from reamaze_pipeline.api.text import clean_json_text
from reamaze_pipeline.crawl.crawl import Window, crawl
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.errors import BackfillFailed, ReamazeError
from reamaze_pipeline.runs.backfill import StoredDay, backfill

DAYS = 800
"""Length of the history: a day two years back then lies behind nine tenths of the list, as the weekdays fall."""
DRIFT = {"insert_front": 0.3, "delete_row": 0.3}
"""Chances before each answer, the same for every reader: a message arrives, a message anywhere is deleted."""
TOLD = {
    "both": "the login, the window; bodies cleaned of half surrogate pairs and NUL (without it dlt's load fails)",
    "reamaze-pipeline": "4 requests in flight (its default); relies on newest first, as the API documents",
    "dlt": "rest_api; page_number paginator, base_page 1, total_path page_count; incremental on created_at (parsed to"
    " instants) with start and end, row_order desc, start_date and end_date sent; parquet into duckdb; append;"
    " one request at a time, as its paginators do",
}

EXTRACT = "its extract step alone"

Message = tuple[datetime, str, str | None]
"""When, in which conversation, and the text: what tells messages apart, as they have no id."""


class Server:
    """The embedded API as a process of its own, while entered."""

    def __init__(self, messages: int, latency_ms: float, *, honoured: bool) -> None:
        flag = "--dates-honoured" if honoured else "--dates-ignored"
        command = [sys.executable, "-m", "reamaze_pipeline", "sandbox", "--port", "0", "--json", flag]
        command += ["--messages", str(messages), "--days", str(DAYS), "--latency-ms", str(latency_ms)]
        self._command = command
        self._controls = requests.Session()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        answer = json.loads(self._process.stdout.readline() or '{"ok": false, "error": "it did not start"}')
        if not answer["ok"]:
            raise SystemExit(f"the embedded API: {answer['error']}")
        self.url: str = answer["url"]
        self.login = (answer["environment"]["REAMAZE_EMAIL"], answer["environment"]["REAMAZE_API_TOKEN"])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._controls.close()
        self._process.terminate()
        self._process.communicate()

    def control(self, method: str, name: str, body: Any = None) -> Any:
        """One of the sandbox's own endpoints; they are not counted as requests."""
        answer = self._controls.request(method, f"{self.url.removesuffix('/api/v1')}/_sandbox/{name}", json=body)
        answer.raise_for_status()
        return answer.json()

    def page(self, number: int) -> dict[str, Any]:
        """A page as the client cleans it, without any of the client's cleverness."""
        answer = self._controls.get(f"{self.url}/messages", params={"page": str(number)}, auth=self.login)
        answer.raise_for_status()
        page: dict[str, Any] = json.loads(clean_json_text(answer.content)[0])
        return page


@dataclass
class Stretch:
    """The days asked for, both included, UTC."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, datetime.min.time(), UTC)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), datetime.min.time(), UTC)


@dataclass
class Spent:
    """Seconds by the clock and of the processor; on a busy machine only the latter tell anything."""

    clock: float
    processor: float


class Stopwatch:
    """Runs from its making on."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def stop(self) -> Spent:
        clock, processor = self._began
        return Spent(time.perf_counter() - clock, time.process_time() - processor)


@dataclass
class Reading:
    """What one reader made of one window. `parts` are seconds within the whole."""

    messages: Counter[Message]
    spent: Spent
    refused: str | None = None
    parts: dict[str, float] = field(default_factory=dict)


def message_of(row: dict[str, Any]) -> Message:
    return datetime.fromisoformat(row["created_at"]).astimezone(UTC), row["conversation"]["slug"], row.get("body")


def listed(server: Server, stretch: Stretch) -> tuple[Counter[Message], int]:
    """The plain truth, read while nothing moves: the window's messages, and how many pages hold them."""
    pages = range(1, server.page(1)["page_count"] + 1)
    number = 1 + bisect_left(pages, True, key=lambda n: message_of(server.page(n)["messages"][-1])[0] < stretch.end)
    found: Counter[Message] = Counter()
    holding = 0
    while number in pages:
        rows = [message_of(row) for row in server.page(number)["messages"]]
        inside = [row for row in rows if stretch.start <= row[0] < stretch.end]
        found.update(inside)
        holding += bool(inside)
        if rows[-1][0] < stretch.start:
            break
        number += 1
    return found, holding


def by_backfill(server: Server, stretch: Stretch, folder: Path) -> Reading:
    """The real pipeline: crawl, store, and every table with its checks, in one Dagster run."""
    database = folder / "reamaze.duckdb"
    os.environ.update(
        REAMAZE_API_URL=server.url,
        REAMAZE_EMAIL=server.login[0],
        REAMAZE_API_TOKEN=server.login[1],
        REAMAZE_START_DATE=stretch.first.isoformat(),
        REAMAZE_TIMEZONE="UTC",
        REAMAZE_DATABASE=str(database),
        REAMAZE_REQUESTS_PER_MINUTE="",
        REAMAZE_CONCURRENCY="",
        REAMAZE_MODELS="",
        DAGSTER_HOME="",
    )
    watch = Stopwatch()
    stored_by: list[float] = []

    def announce(day: StoredDay) -> None:
        del day
        stored_by.append(watch.stop().clock)

    try:
        backfill(Deployment.from_environment(), stretch.first, stretch.last, announce=announce)
    except BackfillFailed as error:
        return Reading(Counter(), watch.stop(), refused=str(error))
    spent = watch.stop()
    found = stored(database, "SELECT created_at, conversation_slug, body FROM core.messages")
    return Reading(found, spent, parts={"until pages are stored": max(stored_by)})


def by_crawl(server: Server, stretch: Stretch, folder: Path) -> Reading:
    """The crawl by itself, nothing stored."""
    del folder
    one_day = timedelta(days=1)
    starts = [stretch.start + n * one_day for n in range((stretch.last - stretch.first).days + 1)]
    windows = [Window(start.date().isoformat(), start, start + one_day) for start in starts]
    watch = Stopwatch()
    try:
        with ReamazeClient(server.url, *server.login) as client:
            crawled = list(crawl(client, windows))
    except ReamazeError as error:
        return Reading(Counter(), watch.stop(), refused=str(error))
    spent = watch.stop()
    found: Counter[Message] = Counter()
    for kept in (kept for window in crawled for kept in window.pages):
        rows = json.loads(kept.page.payload)["messages"]
        found.update(message_of(rows[row.index]) for row in kept.rows)
    return Reading(found, spent)


def by_dlt(server: Server, stretch: Stretch, folder: Path) -> Reading:
    """dlt's `rest_api` in its best set-up; `parts` holds the seconds of its extract step alone."""
    import dlt  # noqa: PLC0415 after `main` has switched its telemetry off
    from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415

    def clean(response: requests.Response, *_: Any, **__: Any) -> requests.Response:
        response._content = clean_json_text(response.content)[0].encode()
        return response

    def parse(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"created_at": datetime.fromisoformat(row["created_at"]).astimezone(UTC)}

    endpoint = {
        "path": "messages",
        "data_selector": "messages",
        "paginator": {"type": "page_number", "base_page": 1, "total_path": "page_count"},
        "response_actions": [{"status_code": 200, "action": clean}],
        "incremental": {
            "cursor_path": "created_at",
            "initial_value": stretch.start,
            "end_value": stretch.end,
            "row_order": "desc",
            "start_param": "start_date",
            "end_param": "end_date",
            "convert": datetime.isoformat,
        },
    }
    watch = Stopwatch()
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{server.url}/",
                "headers": {"Accept": "application/json"},
                "auth": {"type": "http_basic", "username": server.login[0], "password": server.login[1]},
            },
            "resources": [{"name": "messages", "endpoint": endpoint, "processing_steps": [{"map": parse}]}],
        }
    )
    database = folder / "dlt.duckdb"
    pipeline = dlt.pipeline(
        "benchmark",
        pipelines_dir=str(folder / "dlt"),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="reamaze",
    )
    pipeline.run(source, loader_file_format="parquet", write_disposition="append")
    spent = watch.stop()
    steps = {step.step: (step.finished_at - step.started_at).total_seconds() for step in pipeline.last_trace.steps}
    loaded = pipeline.last_trace.last_normalize_info.row_counts.get("messages")
    query = "SELECT created_at AT TIME ZONE 'UTC', conversation__slug, body FROM reamaze.messages"
    return Reading(stored(database, query) if loaded else Counter(), spent, parts={EXTRACT: steps["extract"]})


def stored(database: Path, query: str) -> Counter[Message]:
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(query).fetchall()
    return Counter((created_at.replace(tzinfo=UTC), slug, body) for created_at, slug, body in rows)


READERS: dict[str, Callable[[Server, Stretch, Path], Reading]] = {
    "reamaze-pipeline": by_backfill,
    "its crawl alone": by_crawl,
    "dlt": by_dlt,
}


@dataclass
class Case:
    """What is asked for, of which API."""

    letter: str
    words: str
    stretch: Stretch
    honoured: bool = False
    moving: bool = False


@dataclass
class Measured:
    """One reader's figures in one round. Lost: messages that were there throughout and were not stored."""

    case: str
    reader: str
    requests: int
    seconds: float
    processor_seconds: float
    parts: dict[str, float]
    messages: int
    pages: int
    lost: int
    duplicated: int
    refused: str | None


def cases() -> list[Case]:
    """Days count back from today, as the embedded API's history ends at midnight, UTC."""
    today = datetime.now(UTC).date()
    yesterday = today - timedelta(days=1)
    old = today - timedelta(days=730)
    old -= timedelta(days=(old.weekday() - 2) % 7)  # a Wednesday: on a weekend there is too little to lose
    day = Stretch(old, old)
    return [
        Case("A", "one day two years back, dates ignored", day),
        Case("B", "the last 30 days, dates ignored", Stretch(today - timedelta(days=30), yesterday)),
        Case("C", "yesterday, dates ignored", Stretch(yesterday, yesterday)),
        Case("D", "the day of A while rows arrive and are deleted", day, moving=True),
        Case("E", "the day of A, dates honoured", day, honoured=True),
    ]


def compare(before: Counter[Message], after: Counter[Message], found: Counter[Message]) -> tuple[int, int]:
    """How many messages that were there throughout are missing, and how many are there too often."""
    lost = (before & after) - found
    # A message that came and went in between is in neither plain reading, and may be stored once.
    at_most = {message: max(before[message], after[message], 1) for message in found}
    return sum(lost.values()), sum(max(0, count - at_most[message]) for message, count in found.items())


def measure(case: Case, reader: str, seed: int, server: Server) -> Measured:
    """One reading, between two plain readings of the same window at rest."""
    before, pages = listed(server, case.stretch)
    server.control("DELETE", "requests")
    if case.moving:
        server.control("POST", "faults", {"drift": DRIFT | {"seed": seed}})
    with tempfile.TemporaryDirectory() as folder:
        reading = READERS[reader](server, case.stretch, Path(folder))
    if case.moving:
        server.control("POST", "faults", {"drift": None})
    asked = len(server.control("GET", "requests"))
    after, _ = listed(server, case.stretch)
    lost, duplicated = compare(before, after, reading.messages)
    return Measured(
        case=case.letter,
        reader=reader,
        requests=asked,
        seconds=round(reading.spent.clock, 3),
        processor_seconds=round(reading.spent.processor, 3),
        parts={name: round(seconds, 3) for name, seconds in reading.parts.items()},
        messages=sum(before.values()),
        pages=pages,
        lost=lost if reading.refused is None else 0,
        duplicated=duplicated,
        refused=reading.refused,
    )


def rounds_of(case: Case, messages: int, latency_ms: float, rounds: int) -> Iterator[Measured]:
    """All readers in turns; where rows move each reading has an API of its own that starts from the same history."""
    if case.moving:
        for seed in range(rounds):
            for reader in READERS:
                with Server(messages, latency_ms, honoured=case.honoured) as server:
                    yield measure(case, reader, seed, server)
        return
    with Server(messages, latency_ms, honoured=case.honoured) as server:
        for seed in range(rounds):
            for reader in READERS:
                yield measure(case, reader, seed, server)


def show(case: Case, found: list[Measured]) -> None:
    """The table of one case: medians over the readings; lost, duplicated and refused are sums over them."""
    first, last = case.stretch.first, case.stretch.last
    days = str(first) if first == last else f"{first} to {last}"
    by = {reader: [one for one in found if one.reader == reader] for reader in READERS}
    clock = {reader: statistics.median(one.seconds for one in of) for reader, of in by.items()}
    dlt, whole, alone = by["dlt"], "reamaze-pipeline", "its crawl alone"
    print(f"\n{case.letter}  {case.words}: {days}; {found[0].messages:,} messages on {found[0].pages:,} pages")
    print(f"   {'':26}requests   seconds   of processor    ratio   lost   duplicated   refused   (of {len(dlt)})")
    for reader, of in by.items():
        asked = statistics.median_high(one.requests for one in of)
        processor = statistics.median(one.processor_seconds for one in of)
        ratio = clock[reader] / clock[alone if reader == alone else whole]
        lost, twice = sum(one.lost for one in of), sum(one.duplicated for one in of)
        refused = sum(one.refused is not None for one in of)
        figures = (
            f"{asked:>8,}{clock[reader]:>10.2f}{processor:>15.2f}{ratio:>9.2f}{lost:>7,}{twice:>13,}{refused:>10,}"
        )
        print(f"   {reader:26}{figures}")
        for part in sorted({part for one in of for part in one.parts}):
            seconds = statistics.median(one.parts[part] for one in of if part in one.parts)
            against = f"{seconds / clock[alone]:>9.2f}" if part == EXTRACT else ""
            print(f"     {part:24}{'':8}{seconds:>10.2f}{'':15}{against}")


def main() -> None:
    parser = argparse.ArgumentParser(description="The crawl side by side with dlt's rest_api source.")
    parser.add_argument("--cases", default="ABCDE", help="letters of the cases to run (default: ABCDE)")
    parser.add_argument("--messages", type=int, default=100_000, help="size of the history (default: 100,000)")
    parser.add_argument("--rounds", type=int, default=1, help="readings of each by each, A B C E (default: 1)")
    parser.add_argument("--drifts", type=int, default=3, help="the same for D, a new drift each time (default: 3)")
    parser.add_argument(
        "--latency-ms", type=float, default=0.0, help="how long an answer takes (default: no longer than it must)"
    )
    told = parser.parse_args()
    os.environ |= {"NO_PROXY": "127.0.0.1", "DAGSTER_DISABLE_TELEMETRY": "1"}
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DLT_PROJECT_DIR": folder, "DLT_DATA_DIR": folder}  # no settings of the user's own
        try:
            import dlt  # noqa: PLC0415
            from dlt.sources import rest_api  # noqa: F401, PLC0415
        except ModuleNotFoundError:
            raise SystemExit(
                "dlt is missing; install it beside the project: pip install 'dlt[duckdb,parquet]'"
            ) from None
        versions = {"dlt": dlt.__version__, "duckdb": duckdb.__version__, "python": sys.version.split()[0]}
        print(f"{told.messages:,} messages over {DAYS} days; {told.latency_ms:g} ms latency")
        print(", ".join(f"{name} {version}" for name, version in versions.items()))
        for who, what in TOLD.items():
            print(f"{who}: {what}")
        print("ratio: dlt's whole run to ours, which also builds and checks every table; its extract step to our crawl")
        run(told, versions)


def run(told: argparse.Namespace, versions: dict[str, str]) -> None:
    wanted = [case for case in cases() if case.letter in told.cases.upper()]
    yesterday = cases()[2]
    list(rounds_of(yesterday, 1000, 0.0, 1))  # imports and first uses are nobody's seconds
    measured: list[Measured] = []
    for case in wanted:
        rounds = told.drifts if case.moving else told.rounds
        found = list(rounds_of(case, told.messages, told.latency_ms, rounds))
        show(case, found)
        sys.stdout.flush()
        measured += found
    options = {"messages": told.messages, "days": DAYS, "latency_ms": told.latency_ms, "drift_in_d": DRIFT}
    print()
    print(
        json.dumps({"versions": versions, "options": options, "told": TOLD, "measured": [asdict(m) for m in measured]})
    )


if __name__ == "__main__":
    main()
