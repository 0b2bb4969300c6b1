"""The first thing a user does, loading years at once, beside dlt's load of the same list.

    python benchmarks/first_backfill.py                                  # 100,000 messages of 800 days, three rounds
    python benchmarks/first_backfill.py --messages 1000000 --rounds 1
    python benchmarks/first_backfill.py --days 3650
    python benchmarks/first_backfill.py --mail-loop                      # one conversation of 20,000 messages in a day
    python benchmarks/first_backfill.py --command OTHER/bin/reamaze-pipeline --no-dlt

In turns in one run, each from nothing into a folder of its own: the whole command `reamaze-pipeline backfill`, which
leaves tables, views, checks and proofs, and a process in which dlt's `rest_api` source loads the messages. Both read
the same embedded API, a process as well. Needs dlt: `pip install 'dlt[duckdb,parquet]'`, here or in another
environment, whose Python `--dlt-python` names. Not for tests: seconds depend on the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

MAIL_LOOP, MAIL_LOOP_CONVERSATIONS = 20_000, 5_000
MEGABYTE = 1_000_000
TOLD = {
    "reamaze-pipeline": "its defaults; nine tables, all views, every check, the report's numbers; Dagster's records",
    "dlt": "rest_api; page_number paginator, base_page 1, total_path page_count; incremental on created_at, row_order"
    " desc, both ends of the window; bodies cleaned (or its load fails); parquet into duckdb; append; three tables",
}


@dataclass
class Load:
    """One load from nothing. Megabytes are of 1,000,000 bytes; `records` are Dagster's."""

    who: str
    seconds: float
    peak_mb: float
    database_mb: float
    records_mb: float
    record_files: int
    first_line: float | None
    """Seconds until the first line that it prints."""
    messages: int


@dataclass
class Api:
    """Where the embedded API is, and how to log in."""

    url: str
    login: tuple[str, str]


@contextlib.contextmanager
def serving(arguments: list[str]) -> Iterator[Api]:
    """The embedded API as a process of its own; prints what it took of memory when it ends."""
    process = subprocess.Popen([sys.executable, __file__, "serve", *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    try:
        yield Api(said["url"], (said["email"], said["token"]))
    finally:
        process.terminate()
        _, _, used = os.wait4(process.pid, 0)
        print(f"   the embedded API's peak memory: {used.ru_maxrss / 1000:,.0f} MB")


def serve(messages: str, days: str, loop: str) -> None:
    """What the process of `serving` runs; `loop` is the number of conversations of a mail loop, or 0."""
    from reamaze_pipeline.sandbox import Sandbox, SandboxOptions, serve_forever  # noqa: PLC0415

    def ready(sandbox: Sandbox) -> None:
        print(json.dumps({"url": sandbox.url, "email": sandbox.email, "token": sandbox.token}), flush=True)

    options = SandboxOptions(messages=int(messages), days=int(days))
    if int(loop):
        with Sandbox(options, rows=looping(int(messages), int(loop), options.end_instant())) as sandbox:
            ready(sandbox)
            threading.Event().wait()
    serve_forever(options, port=0, on_ready=ready)


def looping(messages: int, conversations: int, end: datetime) -> list[dict[str, Any]]:
    """A day before `end` on which two machines answer each other, or as many messages of many conversations."""
    begin, apart = end - timedelta(days=1), timedelta(days=1) / (messages + 1)
    rows = []
    for number in range(messages):
        conversation = number * conversations // messages
        staff = bool(number % 2)
        rows.append(
            {
                "body": f"Thank you for your message. Your request {conversation} has been received. ({number})",
                "visibility": 0,
                "origin": 1,
                "origin_id": f"<{number}@loop.example>",
                "created_at": (begin + (number + 1) * apart).isoformat(timespec="milliseconds"),
                "user": {
                    "name": "Ann" if staff else f"Robot {conversation}",
                    "email": "ann@acme.example" if staff else f"robot{conversation}@loop.example",
                    "staff?": staff,
                },
                "recipients": [],
                "attachments": [],
                "conversation": {
                    "subject": "Out of office",
                    "slug": f"out-of-office-{conversation}",
                    "created_at": (begin + (number + 1) * apart).isoformat(timespec="milliseconds"),
                    "category": {"name": "Support", "slug": "support", "email": "support@acme.example", "channel": 1},
                },
            }
        )
    return rows


def load_with_dlt(url: str, email: str, token: str, first: str, last: str, folder: str) -> None:
    """What dlt's process runs: its best set-up, as in crawl_vs_dlt.py."""
    import dlt  # noqa: PLC0415
    from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415

    from reamaze_pipeline.api.text import clean_json_text  # noqa: PLC0415

    def clean(response: Any, *_: Any, **__: Any) -> Any:
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
            "initial_value": datetime.fromisoformat(first).replace(tzinfo=UTC),
            "end_value": datetime.fromisoformat(last).replace(tzinfo=UTC) + timedelta(days=1),
            "row_order": "desc",
            "start_param": "start_date",
            "end_param": "end_date",
            "convert": datetime.isoformat,
        },
    }
    client = {"base_url": f"{url}/", "auth": {"type": "http_basic", "username": email, "password": token}}
    resource = {"name": "messages", "endpoint": endpoint, "processing_steps": [{"map": parse}]}
    pipeline = dlt.pipeline(
        "benchmark",
        pipelines_dir=f"{folder}/dlt",
        destination=dlt.destinations.duckdb(f"{folder}/dlt.duckdb"),
        dataset_name="reamaze",
    )
    source = rest_api_source({"client": client, "resources": [resource]})
    pipeline.run(source, loader_file_format="parquet", write_disposition="append")
    print(json.dumps({"messages": pipeline.last_trace.last_normalize_info.row_counts["messages"]}))


def timed(who: str, command: list[str], folder: Path, environment: dict[str, str]) -> Load:
    """Run one load to its end. Its last line on stdout is JSON with the number of messages."""
    began, first_line = time.perf_counter(), None
    settings = {**os.environ, **environment, "NO_PROXY": "127.0.0.1", "DAGSTER_DISABLE_TELEMETRY": "1"}
    process = subprocess.Popen(
        command, cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    last = ""
    said = process.stderr if who != "dlt" else process.stdout
    for line in said:
        first_line = first_line or time.perf_counter() - began
        last = line
    answer = process.stdout.read() if said is process.stderr else last
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"{who} failed: {last}{process.stderr.read()}")
    records = [file for file in (folder / "dagster").rglob("*") if file.is_file()]
    return Load(
        who=who,
        seconds=round(seconds, 2),
        peak_mb=used.ru_maxrss / 1000,
        database_mb=sum(file.stat().st_size for file in folder.glob("*.duckdb")) / MEGABYTE,
        records_mb=sum(file.stat().st_size for file in records) / MEGABYTE,
        record_files=len(records),
        first_line=first_line if who != "dlt" else None,
        messages=json.loads(answer.strip().splitlines()[-1])["messages"],
    )


def ours(api: Api, days: int, command: str) -> Load:
    last = datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "REAMAZE_API_URL": api.url,
            "REAMAZE_EMAIL": api.login[0],
            "REAMAZE_API_TOKEN": api.login[1],
            "REAMAZE_START_DATE": first.isoformat(),
            "REAMAZE_DATABASE": f"{folder}/reamaze.duckdb",
            "DAGSTER_HOME": "",
        }
        asked = [*shlex.split(command), "backfill", "--from", f"{first}", "--to", f"{last}", "--json"]
        return timed("reamaze-pipeline", asked, Path(folder), environment)


def by_dlt(api: Api, days: int, python: str) -> Load:
    last = datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    with tempfile.TemporaryDirectory() as folder:
        quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
        own = {"DLT_PROJECT_DIR": folder, "DLT_DATA_DIR": folder, "PYTHONPATH": str(Path(__file__).parents[1])}
        command = [python, __file__, "dlt", api.url, *api.login, f"{first}", f"{last}", folder]
        return timed("dlt", command, Path(folder), quiet | own)


def show(loads: list[Load]) -> None:
    """Medians; the ratio is to dlt's seconds, or else to those of the first kind of load."""
    names = list(dict.fromkeys(load.who for load in loads))
    of = {name: [load for load in loads if load.who == name] for name in names}
    seconds = {name: statistics.median(load.seconds for load in of[name]) for name in names}
    against = seconds.get("dlt", seconds[names[0]])
    print(f"   {'':34}seconds  ratio  peak MB  database MB  records MB  files  first line  messages")
    for name in names:
        peak, database, records, files = (
            statistics.median(getattr(load, figure) for load in of[name])
            for figure in ("peak_mb", "database_mb", "records_mb", "record_files")
        )
        lines = [load.first_line for load in of[name] if load.first_line]
        line = f"{statistics.median(lines):>10.1f} s" if lines else f"{'':12}"
        figures = (
            f"{seconds[name]:>9.1f}{seconds[name] / against:>7.2f}{peak:>9,.0f}{database:>13,.1f}{records:>12,.1f}"
        )
        print(f"   {name:32}{figures}{files:>7,.0f}{line}{of[name][0].messages:>10,}", flush=True)


def compare(told: argparse.Namespace) -> list[Load]:
    loads = []
    with serving([str(told.messages), str(told.days), "0"]) as api:
        for _ in range(told.rounds):
            loads.append(ours(api, told.days, told.command))
            if not told.no_dlt:
                loads.append(by_dlt(api, told.days, told.dlt_python))
    show(loads)
    return loads


def mail_loop(told: argparse.Namespace) -> list[Load]:
    loads = []
    for _ in range(told.rounds):
        for conversations in (MAIL_LOOP_CONVERSATIONS, 1):
            with serving([str(MAIL_LOOP), "2", str(conversations)]) as api:
                load = ours(api, 1, told.command)
            load.who = f"{conversations:,} conversation{'s' * (conversations > 1)}"
            loads.append(load)
    show(loads)
    return loads


def main() -> None:
    parser = argparse.ArgumentParser(description="The whole first backfill beside dlt's load of the same list.")
    parser.add_argument("--messages", type=int, default=100_000, help="size of the history (default: 100,000)")
    parser.add_argument("--days", type=int, default=800, help="days it spans, all loaded (default: 800)")
    parser.add_argument("--rounds", type=int, default=3, help="loads of each, in turns (default: 3)")
    parser.add_argument("--mail-loop", action="store_true", help="one conversation of 20,000 messages in a day instead")
    parser.add_argument("--no-dlt", action="store_true", help="ours alone")
    parser.add_argument("--dlt-python", default=sys.executable, help="a Python that has dlt (default: this one)")
    ourselves = f"{shlex.quote(sys.executable)} -m reamaze_pipeline"
    parser.add_argument("--command", default=ourselves, help="the command line to time (default: this version's)")
    told = parser.parse_args()
    for who, what in TOLD.items():
        print(f"{who}: {what}")
    days = 1 if told.mail_loop else told.days
    print(f"{MAIL_LOOP if told.mail_loop else told.messages:,} messages over {days:,} days, {told.rounds} rounds")
    loads = mail_loop(told) if told.mail_loop else compare(told)
    print(json.dumps([asdict(load) for load in loads]))


if __name__ == "__main__":
    parts = {"serve": serve, "dlt": load_with_dlt}
    if len(sys.argv) > 1 and sys.argv[1] in parts:
        parts[sys.argv[1]](*sys.argv[2:])
    else:
        main()
