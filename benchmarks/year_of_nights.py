"""What a year of nights leaves in Dagster's records: the schedule's own answers, run one night after the other.

    python benchmarks/year_of_nights.py                       # 120 nights, records kept for 90 days
    python benchmarks/year_of_nights.py --nights 30 --keep-runs-days 10

Each night is the tick of the daily schedule and the runs that it asks for, on the embedded API. Then every run on
record is made a day older, so that retention sees a year go by. Prints megabytes and files after each tenth night, and
what 365 nights come to: those simulated, and from then on what a night adds once the oldest are forgotten.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sqlite3
import statistics
import tempfile
from itertools import pairwise
from pathlib import Path

import dagster as dg

from reamaze_pipeline.definitions import graph
from reamaze_pipeline.defs.naming import ALONE, JOB
from reamaze_pipeline.defs.nights.schedules import SCHEDULE
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.runs.demonstration import embedded_api

A_YEAR = 365
SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def night(deployment: Deployment, graph_of: dg.RepositoryDefinition, day: dt.date) -> int:
    """The night after a day; how many runs there were. Raises if one failed."""
    tick = dt.datetime.combine(day + dt.timedelta(1), dt.time(1), dt.UTC)
    with open_instance(deployment.database) as instance:
        with dg.build_schedule_context(instance=instance, scheduled_execution_time=tick) as context:
            asked = graph_of.get_schedule_def(SCHEDULE).evaluate_tick(context).run_requests or []
        for request in asked:
            graph_of.get_job(JOB).execute_in_process(instance=instance, tags=request.tags, run_config=SILENT)
        return len(asked)


def age(home: Path) -> None:
    """Every run on record began and ended a day earlier."""
    with sqlite3.connect(home / "history" / "runs.db") as connection:
        connection.execute("UPDATE runs SET create_timestamp = datetime(create_timestamp, '-1 day')")


def records(home: Path) -> tuple[float, int]:
    """Megabytes of 1,000,000 bytes, and files."""
    files = [file for file in home.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6, len(files)


def main() -> None:
    """Run the nights and tell."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--nights", type=int, default=120)
    asked.add_argument("--keep-runs-days", type=int, default=90)
    asked.add_argument("--messages-per-day", type=int, default=125)
    given = asked.parse_args()

    today = dt.datetime.now(dt.UTC).date()
    first = today - dt.timedelta(given.nights)
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded_api(given.messages_per_day * (given.nights + 30), given.nights + 30) as address,
    ):
        os.environ.update(address())
        os.environ |= {
            "DAGSTER_HOME": "",
            "REAMAZE_DATABASE": str(Path(folder, "reamaze.duckdb")),
            "REAMAZE_START_DATE": first.isoformat(),
            "REAMAZE_KEEP_RUNS_DAYS": str(given.keep_runs_days),
        }
        deployment = Deployment.from_environment()
        graph_of = graph(deployment, ALONE).get_repository_def()
        home = Path(folder, "dagster")
        sizes = []
        for number in range(given.nights):
            runs = night(deployment, graph_of, first + dt.timedelta(number))
            age(home)
            megabytes, files = records(home)
            sizes.append(megabytes)
            if number % 10 == 9:
                print(f"night {number + 1:>4}: {runs} run(s), {megabytes:6.1f} MB in {files} files", flush=True)
    added = [after - before for before, after in pairwise(sizes[given.keep_runs_days :])]
    if not added:
        print(f"{sizes[-1] / len(sizes):.2f} MB a night; no night is old enough to be forgotten")
        return
    steady = statistics.mean(added)
    year = sizes[-1] + steady * (A_YEAR - given.nights)
    print(f"a night adds {steady * 1000:.0f} kB once the oldest are forgotten; a year comes to {year:.0f} MB")


if __name__ == "__main__":
    main()
