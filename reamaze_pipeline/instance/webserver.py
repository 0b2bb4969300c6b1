"""The Dagster UI and the daemon that runs schedules and backfills, on loopback, over this deployment.

`dg dev` does the same inside a checkout; this also works from a wheel, in any folder, and keeps Dagster's records.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from reamaze_pipeline.errors import UiFailed
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.instance.running import end_abandoned_runs
from reamaze_pipeline.shipped import shipped
from reamaze_pipeline.warehouse.lake.location import Location

HOST = "127.0.0.1"


def serve_ui(database: str | Location, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM; call it from the main thread.

    Raises:
        UiFailed: one of the two processes ended by itself.
    """
    with open_instance(database) as instance:
        end_abandoned_runs(instance)
    workspace = ["-w", str(shipped("workspace.yaml"))]
    commands = [
        [_script("dagster-webserver"), "-h", HOST, "-p", str(port), "--log-level", "warning", *workspace],
        [_script("dagster-daemon"), "run", "--log-level", "warning", *workspace],
    ]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended from outside, our children must end too
    processes = [subprocess.Popen(command) for command in commands]  # noqa: S603 our own commands
    try:
        _wait_for_any(processes, commands)
    except KeyboardInterrupt:
        return
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _wait_for_any(processes: Sequence[subprocess.Popen[bytes]], commands: Sequence[Sequence[str]]) -> None:
    while True:
        for process, command in zip(processes, commands, strict=True):
            try:
                code = process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                continue
            raise UiFailed(f"{Path(command[0]).name} ended with exit code {code}; what it printed above says why")


def _script(name: str) -> str:
    """A command that was installed into the same environment as this one."""
    return str(Path(sys.executable).parent / name)
