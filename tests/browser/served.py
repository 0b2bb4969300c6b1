"""One UI for the whole suite: a small brand whose history ends today, some days stored, and a model of its own."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reamaze_pipeline.sandbox import Sandbox, SandboxOptions

DAYS, STORED = 10, 6
"""Days that there are, and the oldest of them that are stored when the UI starts."""
OWN_MODEL = """\
select day, sender_email, count(*) as messages_at_night
from {{ ref('messages') }}
where is_staff and hour(created_at) < 6
group by all
"""
OWN_WORDS = """\
models:
  - name: night_owls
    description: Who writes between midnight and six (UTC).
    columns:
      - name: sender_email
        description: The sender; null where the API sent no email.
      - name: messages_at_night
        description: Messages in these hours.
        data_tests: [not_null]
"""
_COMMAND = [sys.executable, "-m", "reamaze_pipeline"]


@dataclass(frozen=True)
class Served:
    """The UI at ``url`` over the files in ``folder``; ``sandbox`` is the API that its runs ask."""

    url: str
    folder: Path
    sandbox: Sandbox
    first: dt.date
    settings: Mapping[str, str]

    def day(self, number: int) -> str:
        """The day so many after the first, as Dagster writes it."""
        return str(self.first + dt.timedelta(number))

    @property
    def own_model(self) -> Path:
        return self.folder / "models" / "metrics" / "night_owls.sql"

    def command(self, *arguments: str) -> str:
        """What one of our commands prints, run beside the UI."""
        done = subprocess.run([*_COMMAND, *arguments], env=self.settings, capture_output=True, text=True, check=True)
        return done.stdout

    def ask(self, query: str) -> Any:
        """Of Dagster's GraphQL, for what must be so before a page can show it."""
        request = urllib.request.Request(
            f"{self.url}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]


@contextmanager
def served(folder: Path, days: int = DAYS, stored: int = STORED, messages: int = 500) -> Iterator[Served]:
    """Store the oldest days, then serve until the block ends."""
    models = folder / "models" / "metrics"
    models.mkdir(parents=True)
    (models / "night_owls.sql").write_text(OWN_MODEL)
    (models / "schema.yml").write_text(OWN_WORDS)
    first = dt.datetime.now(dt.UTC).date() - dt.timedelta(days)
    with Sandbox(SandboxOptions(messages=messages, days=days, brand_zone="UTC")) as sandbox:
        settings = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("REAMAZE_", "DAGSTER_"))},
            "REAMAZE_API_URL": sandbox.url,
            "REAMAZE_EMAIL": sandbox.email,
            "REAMAZE_API_TOKEN": sandbox.token,
            "REAMAZE_START_DATE": str(first),
            "REAMAZE_TIMEZONE": "UTC",
            "REAMAZE_DATABASE": str(folder / "data" / "reamaze.duckdb"),
            "REAMAZE_MODELS": str(folder / "models"),
            "REAMAZE_SCHEDULE": "false",
        }
        ui = Served(f"http://127.0.0.1:{(port := _free_port())}", folder, sandbox, first, settings)
        ui.command("backfill", "--from", ui.day(0), "--to", ui.day(stored - 1))
        with subprocess.Popen(
            [*_COMMAND, "ui", "--port", str(port)],
            env=settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            try:
                line = process.stdout.readline()
                assert re.search(re.escape(ui.url), line), line
                yield ui
            finally:
                process.terminate()
                process.wait(timeout=120)


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
