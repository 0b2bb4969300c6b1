"""How fast stored pages become tables, side by side with DuckDB's own `read_json` on the same messages.

    python benchmarks/warehouse_speed.py            # speed, 100,000 messages
    python benchmarks/warehouse_speed.py memory     # peak memory, 100,000 against 1,000,000
    python benchmarks/warehouse_speed.py day        # one day's run, 10,000 against 1,000,000 stored

Each prints one JSON line per figure. Histories come from the sandbox and are kept in `build/benchmarks/`, because
rendering 1,000,000 messages takes minutes. Not for tests: figures depend on the machine.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from reamaze_pipeline.api.times import read_time
from reamaze_pipeline.models.model import Project
from reamaze_pipeline.models.project import load_project
from reamaze_pipeline.models.seeds import load_seeds
from reamaze_pipeline.runs.demonstration import embedded_api
from reamaze_pipeline.sandbox import History, SandboxOptions
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse

ROOT = Path(__file__).parent.parent
KEPT = ROOT / "build" / "benchmarks"
END = datetime(2026, 7, 1, tzinfo=UTC)
PAGE_SIZE = 30


def messages(count: int, days: int) -> Iterator[tuple[datetime, bool, str, datetime | None]]:
    """Newest first: instant, side, the message as the API sends it, cleaned as the client does; its thread's start."""
    for truth in History(SandboxOptions(messages=count, days=days, end=END)).truth():
        text = json.dumps(truth.message, ensure_ascii=False).replace("\\u0000", "\ufffd")
        if not text.isascii():
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        began = read_time((truth.message.get("conversation") or {}).get("created_at"))
        yield truth.created_at, truth.is_staff, text, began.instant.replace(tzinfo=None) if began else None


def page_rows(count: int, days: int) -> Iterator[tuple[date, list[dict[str, Any]]]]:
    """Each day with its rows of `raw.message_pages`, newest first."""
    pages = 0
    day: date | None = None
    rows: list[dict[str, Any]] = []
    listed = messages(count, days)
    while chunk := list(islice(listed, PAGE_SIZE)):
        pages += 1
        counts = {"page_size": PAGE_SIZE, "page_count": -(-count // PAGE_SIZE), "total_count": count}
        payload = f'{json.dumps(counts)[:-1]}, "messages": [{", ".join(text for _, _, text, _ in chunk)}]}}'
        for new in dict.fromkeys(at.date() for at, *_ in chunk):
            if day is not None and new != day:
                yield day, rows
                rows = []
            day = new
            kept = [n for n, (at, *_) in enumerate(chunk) if at.date() == day]
            rows.append(
                {
                    "day": day,
                    "audience": "all",
                    "page": pages,
                    **counts,
                    "fetched_at": END.replace(tzinfo=None),
                    "payload": payload,
                    "kept_rows": kept,
                    "kept_is_staff": [chunk[n][1] for n in kept],
                    "kept_created_at": [chunk[n][0].replace(tzinfo=None) for n in kept],
                    "kept_conversation_created_at": [chunk[n][3] for n in kept],
                    "cleaned": 0,
                }
            )
    if day is not None:
        yield day, rows


def stored_pages(project: Project, count: int, days: int) -> Path:
    """A database that holds the pages of a history and nothing else; made once."""
    path = KEPT / f"dated-pages-{count}-{days}.duckdb"
    if not path.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        making = path.with_suffix(".making")
        making.unlink(missing_ok=True)
        warehouse = DuckDBWarehouse(database=str(making))
        table = project.source("raw", "message_pages").table
        by_day = page_rows(count, days)
        while month := dict(islice(by_day, 30)):
            warehouse.replace(table, list(month), [row for rows in month.values() for row in rows])
        making.rename(path)
    return path


def all_days(project: Project, database: Path) -> list[date]:
    """Every day from the first with a message to the last, as a backfill asks for them: those without one too."""
    table = project.source("raw", "message_pages").table
    with reading(database) as connection:
        first, last = connection.execute(f"SELECT min(day), max(day) FROM {table.qualified}").fetchall()[0]
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def derive(project: Project, database: Path, days: Sequence[date]) -> dict[str, float]:
    """Compute and store every model for the days; seconds by table."""
    warehouse = DuckDBWarehouse(database=str(database))
    seconds = {}
    for model in project.models:
        began = time.perf_counter()
        if model.partitioned:
            warehouse.replace(model.table, days, model.select(days))
        else:
            warehouse.define_view(model.table, model.select())
        seconds[model.table.label] = time.perf_counter() - began
    return seconds


TYPED = {
    "body": "VARCHAR",
    "visibility": "INTEGER",
    "origin": "INTEGER",
    "origin_id": "VARCHAR",
    "created_at": "TIMESTAMPTZ",
    "user": "STRUCT(name VARCHAR, email VARCHAR)",
    "recipients": "STRUCT(name VARCHAR, email VARCHAR)[]",
    "attachments": (
        "STRUCT(file_file_name VARCHAR, file_content_type VARCHAR, file_file_size BIGINT, url VARCHAR,"
        ' thumb_url VARCHAR, "image?" BOOLEAN)[]'
    ),
    "conversation": (
        "STRUCT(slug VARCHAR, subject VARCHAR, created_at TIMESTAMPTZ,"
        " category STRUCT(slug VARCHAR, name VARCHAR, email VARCHAR, channel INTEGER))"
    ),
}


def ndjson(pages: Path) -> Path:
    """The messages of a page database as one file of newline-delimited JSON; made once."""
    path = pages.with_suffix(".ndjson")
    if not path.exists():
        with duckdb.connect(str(pages), read_only=True) as connection, path.open("w", encoding="utf-8") as file:
            distinct = "SELECT DISTINCT ON (page) payload FROM raw.message_pages ORDER BY page"
            for (payload,) in connection.execute(distinct).fetchall():
                for message in json.loads(payload)["messages"]:
                    file.write(json.dumps(message, ensure_ascii=False) + "\n")
    return path


def timed(work: Callable[..., object], *arguments: object) -> dict[str, float]:
    """Wall and processor seconds; on a busy machine only the latter tell anything."""
    wall, processor = time.perf_counter(), time.process_time()
    work(*arguments)
    return {
        "seconds": round(time.perf_counter() - wall, 3),
        "cpu_seconds": round(time.process_time() - processor, 3),
    }


def best(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """The least of each figure: what else the machine does only ever adds."""
    return {key: min(run[key] for run in runs) for key in runs[0]}


def ratios(ones: Sequence[dict[str, float]], others: Sequence[dict[str, float]]) -> dict[str, float]:
    """The others in terms of the ones: the median over the rounds, because machines do not keep their speed."""
    return {
        key: statistics.median(other[key] / one[key] for one, other in zip(ones, others, strict=True))
        for key in ones[0]
    }


def read_json(lines: Path, database: Path) -> None:
    """DuckDB's own way: the messages into one typed table."""
    database.unlink(missing_ok=True)
    typed = ", ".join(f"{key}: '{kind}'" for key, kind in TYPED.items())
    select = f"SELECT * FROM read_json('{lines}', columns = {{{typed}}}, format = 'newline_delimited')"
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE messages AS {select}")


def measure_speed(whole: Project, count: int = 100_000, days: int = 30, rounds: int = 9) -> None:
    """Pages to tables, and the same messages read by DuckDB from NDJSON into one typed table, in turns."""
    pages = stored_pages(whole, count, days)
    lines = ndjson(pages)
    ours, theirs = KEPT / "ours.duckdb", KEPT / "theirs.duckdb"
    wanted = all_days(whole, pages)
    projects = {"core and the two first metrics": first_tables(whole), "every table": whole}
    runs: dict[str, list[dict[str, float]]] = defaultdict(list)
    stored = {"read_json": count}
    for _ in range(rounds):
        runs["read_json"].append(timed(read_json, lines, theirs))
        for what, project in projects.items():
            shutil.copy(pages, ours)
            load_seeds(ours, project.seeds)
            runs[what].append(timed(derive, project, ours, wanted))
            stored[what] = rows_stored(project, ours)
    for what, taken in runs.items():
        least = best(taken)
        speeds = {"messages_per_second": count, "rows_per_second": stored[what]}
        show(what=what, **{name: round(number / least["seconds"]) for name, number in speeds.items()}, **least)
    for what in projects:
        show(what=f"{what}, speed of read_json = 1", **ratios(runs[what], runs["read_json"]))


def rows_stored(project: Project, database: Path) -> int:
    """Rows of all tables; views store none."""
    tables = [model.table.qualified for model in project.models if model.partitioned]
    with reading(database) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in tables]
    return sum(counts)


def measure_memory(project: Project, counts: Sequence[int] = (100_000, 1_000_000), days: int = 300) -> None:
    """Peak resident memory of a process that computes every table of the whole history."""
    for count in counts:
        stored_pages(project, count, days)  # made here, so that the process below only derives
        subprocess.run([sys.executable, __file__, "derive", str(count), str(days)], check=True)


def measure_day(project: Project, counts: Sequence[int] = (10_000, 1_000_000), rounds: int = 7) -> None:
    """One day's run, the same number of messages that day, with little and with much stored, in turns.

    Once as its tables alone are stored, and once as the whole command that a night runs, Dagster and previews included.
    """
    runs: dict[tuple[str, int], list[dict[str, float]]] = defaultdict(list)
    with ExitStack() as stack:
        nights = {}
        for count in counts:
            days = max(3, count // 3_333)
            path = KEPT / f"night-{count}" / "reamaze.duckdb"
            shutil.rmtree(path.parent, ignore_errors=True)
            path.parent.mkdir()
            shutil.copy(stored_pages(project, count, days), path)
            load_seeds(path, project.seeds)
            derive(project, path, all_days(project, path))
            stored = {"REAMAZE_DATABASE": str(path), "REAMAZE_START_DATE": str(all_days(project, path)[0])}
            nights[path] = (count, stack.enter_context(embedded_api(count, days))() | stored)
        for _ in range(2 * rounds):
            for path, (count, _) in nights.items():
                runs["tables of one day", count].append(timed(day_run, project, path))
        for _ in range(rounds):
            for count, settings in nights.values():
                runs["one night's command", count].append(timed(night, settings))
    for (what, count), taken in runs.items():
        show(what=what, stored=count, seconds=best(taken)["seconds"])
    for what in dict.fromkeys(what for what, _ in runs):
        few, many = (runs[what, count] for count in counts)
        show(what=f"{what}, {counts[0]:,} stored = 1", seconds=ratios(few, many)["seconds"])


def night(settings: Mapping[str, str]) -> None:
    """Yesterday fetched and everything of it stored, as the command line does it."""
    yesterday = str(datetime.now(UTC).date() - timedelta(days=1))
    command = [sys.executable, "-m", "reamaze_pipeline", "backfill", "--from", yesterday, "--to", yesterday]
    unset = {name: "" for name in os.environ if name.startswith(("REAMAZE_", "DAGSTER_"))}
    subprocess.run([*command, "--refresh"], check=True, capture_output=True, env={**os.environ, **unset, **settings})


def day_run(project: Project, database: Path) -> None:
    """What a night does to the tables: the newest whole day's pages stored anew, and every model of it."""
    day = all_days(project, database)[-2]
    source = project.source("raw", "message_pages").table
    with reading(database) as connection:
        where = f"SELECT * FROM {source.qualified} WHERE day = $day"
        pages = connection.execute(where, {"day": day}).df()
    DuckDBWarehouse(database=str(database)).replace(source, [day], pages)
    derive(project, database, [day])


def derive_once(project: Project, count: int, days: int) -> None:
    """In a process of its own, so that its peak memory is this work's alone."""
    pages = stored_pages(project, count, days)
    ours = KEPT / "ours.duckdb"
    shutil.copy(pages, ours)
    load_seeds(ours, project.seeds)
    spent = timed(derive, project, ours, all_days(project, ours))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    show(what="peak memory", messages=count, megabytes=peak, **spent)


def show(**figures: Any) -> None:
    print(json.dumps({key: round(value, 3) if isinstance(value, float) else value for key, value in figures.items()}))


def first_tables(project: Project) -> Project:
    """The project cut down to `core` and the two first metrics with what they need."""
    wanted = {"messages_per_origin", "staff_response_counts"}
    for model in reversed(project.models):
        if model.name in wanted or model.schema == "core":
            wanted |= {model.name} | {name for _, name in model.refs}
    return replace(project, models=tuple(model for model in project.models if model.name in wanted))


def main(what: str = "speed", *numbers: str) -> None:
    project = load_project([ROOT / "dbt_like_sql"])
    measures: dict[str, Callable[[Project], None]] = {
        "speed": measure_speed,
        "memory": measure_memory,
        "day": measure_day,
    }
    if what == "derive":
        derive_once(first_tables(project), *map(int, numbers))
    else:
        measures[what](project)


if __name__ == "__main__":
    main(*sys.argv[1:])
