"""The metrics of one day with few and with many messages stored, and how long one day of each view takes to read.

    python benchmarks/metrics_speed.py [messages [folder of other models]]

Both warehouses have the same 1,000 messages a day; the larger one only goes back further. With a folder, such as that
of an earlier version (`git archive REVISION dbt_like_sql | tar -x -C /tmp/earlier`), its models are stored beside ours.
All take turns, so that whatever else the machine does falls on each alike. Prints medians of processor milliseconds.
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import tempfile
import time
from pathlib import Path

from reamaze_pipeline.models.column_tests import failing_rows
from reamaze_pipeline.models.model import Model, Project
from reamaze_pipeline.models.project import load_project
from reamaze_pipeline.models.seeds import load_seeds
from reamaze_pipeline.report.preview import partition_previews
from reamaze_pipeline.warehouse.connection import reading
from reamaze_pipeline.warehouse.io_manager import DuckDBWarehouse
from reamaze_pipeline.warehouse.table import Select

FEW, ROUNDS = 10_000, 7
LAST = dt.date(2026, 6, 30)
SETTINGS = {"timezone": "UTC"}


def history(count: int) -> str:
    """`core.messages`: 1,000 a day up to LAST, five to a conversation, half by staff, spread over days."""
    return f"""
        WITH drawn AS (SELECT i, i // 5 AS conversation, hash(i) AS dice FROM range({count}) AS numbers (i)),
        timed AS (
            SELECT *, TIMESTAMP '{LAST}' + INTERVAL 1 DAY - to_milliseconds(CAST(
                86400 * ({count} - conversation * 5) - pow(dice % 1000 / 1000.0, 2) * 86400000 * 6 AS BIGINT
            )) AS wanted FROM drawn
        ),
        placed AS (
            SELECT *, least(wanted, TIMESTAMP '{LAST} 23:59:59') AS instant,
                min(least(wanted, TIMESTAMP '{LAST} 23:59:59')) OVER (PARTITION BY conversation) AS began FROM timed
        )
        SELECT md5(CAST(i AS VARCHAR)) AS message_id, instant AS created_at, CAST(instant AS DATE) AS day,
            'a-conversation-about-' || conversation AS conversation_slug, began AS conversation_created_at,
            'Somebody' AS sender_name, (dice >> 10) % 2 = 0 AS is_staff,
            if((dice >> 10) % 2 = 0, 'agent' || (dice >> 20) % 20, 'customer' || conversation) || '@example.com'
                AS sender_email,
            CAST((dice >> 30) % 4 AS INTEGER) AS origin, 'Origin' AS origin_name, repeat('text ', 40) AS body,
            if((dice >> 40) % 10 = 0, 1, 0) AS visibility
        FROM placed ORDER BY day
    """


class Stored:
    """A warehouse with so many messages, and every metric of them."""

    def __init__(self, folder: Path, project: Project, count: int) -> None:
        folder.mkdir(exist_ok=True)
        self.project, self.count = project, count
        self.warehouse = DuckDBWarehouse(database=str(folder / f"{count}.duckdb"))
        self.models = [model for model in project.models if model.schema in {"intermediate", "metrics"}]
        load_seeds(self.warehouse.database, project.seeds)
        messages = next(model.table for model in project.models if model.table.label == "core.messages")
        given = history(count)
        absent = [c for c in messages.columns if f"AS {c.name}" not in given]
        nothing = ", ".join(f"CAST(NULL AS {c.type}) AS {c.name}" for c in absent)
        days = [LAST - dt.timedelta(n) for n in range(count // 1000 + 8)]
        self.warehouse.replace(project.source("raw", "message_pages").table, days, [])
        self.warehouse.replace(messages, days, Select(f"SELECT *, {nothing} FROM ({given})"))
        for model in self.models:
            self.run(model, days)

    def run(self, model: Model, days: list[dt.date]) -> None:
        """What a Dagster run does to store the model."""
        if model.partitioned:
            self.warehouse.replace(model.table, days, model.select(days))
        else:
            self.warehouse.define_view(model.table, model.select())

    def night(self) -> float:
        """Milliseconds for the metrics of the newest day, their column tests and their previews."""
        began = time.process_time()
        for model in self.models:
            self.run(model, [LAST])
            with reading(self.warehouse.database) as connection:
                for column, test in model.tests:
                    select = failing_rows(self.project, model, column, test, [LAST])
                    connection.execute(select.sql, dict(select.parameters)).fetchall()
                if model.event_time is not None:
                    partition_previews(connection, model.table, [LAST])
        return (time.process_time() - began) * 1000

    def read(self, model: Model) -> float:
        """Milliseconds for one day of a model, all columns."""
        where = f"WHERE day = DATE '{LAST}'" if "day" in model.table.column_names else ""
        with reading(self.warehouse.database) as connection:
            began = time.process_time()
            connection.execute(f"CREATE OR REPLACE TEMP TABLE seen AS SELECT * FROM {model.table.qualified} {where}")
            return (time.process_time() - began) * 1000


def main(many: int, other: str | None = None) -> None:
    folders = {"ours": Path(__file__).parents[1] / "dbt_like_sql"} | ({other: Path(other)} if other else {})
    with tempfile.TemporaryDirectory() as place:
        stored = {
            (whose, count): Stored(Path(place) / str(number), load_project([folder], SETTINGS), count)
            for number, (whose, folder) in enumerate(folders.items())
            for count in (FEW, many)
        }
        nights = [{which: one.night() for which, one in stored.items()} for _ in range(ROUNDS)]
        took = {which: statistics.median(night[which] for night in nights) for which in stored}
        for whose in folders:
            few, large = took[whose, FEW], took[whose, many]
            print(f"a day's metrics, {whose}: {FEW:,} stored {few:.0f}; {many:,} stored {large:.0f}; {large / few:.2f}")
        for whose in list(folders)[1:]:
            ratios = [statistics.median(night["ours", n] / night[whose, n] for night in nights) for n in (FEW, many)]
            print(f"ours as a multiple of {whose}: {ratios[0]:.2f} with {FEW:,} stored, {ratios[1]:.2f} with {many:,}")
        for model in stored["ours", many].models:
            if not model.partitioned:
                at_few, at_many = (
                    statistics.median(stored["ours", count].read(model) for _ in range(ROUNDS)) for count in (FEW, many)
                )
                print(f"  read {model.name:32} {at_few:6.0f} {at_many:6.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, *sys.argv[2:3])
