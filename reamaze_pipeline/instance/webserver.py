"""The Dagster UI and the daemon that runs schedules and backfills, on loopback, over this deployment.

`dg dev` does the same inside a checkout; this also works from a wheel, in any folder, and keeps Dagster's records.
What the two processes print goes into a file beside the records: heartbeats are no news.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reamaze_pipeline.errors import PortTaken, UiFailed
from reamaze_pipeline.instance.home import dagster_home, open_instance
from reamaze_pipeline.instance.launched import end_group
from reamaze_pipeline.instance.running import end_abandoned_runs
from reamaze_pipeline.shipped import shipped
from reamaze_pipeline.warehouse.lake.location import Location

HOST = "127.0.0.1"
LOG = "ui.log"
TOLD = 3
"""Lines of the log that an error repeats."""
PAUSE = 0.2


def serve_ui(database: str | Location, port: int, on_ready: Callable[[], None] = lambda: None) -> None:
    """Serve until Ctrl-C or SIGTERM; call it from the main thread. `on_ready` is called once the UI answers.

    Raises:
        PortTaken: something serves there already; nothing was started.
        UiFailed: one of the two processes ended by itself.
    """
    refuse_taken(port)
    home = dagster_home(database)
    with open_instance(database) as instance:
        end_abandoned_runs(instance)
    workspace = ["-w", str(shipped("workspace.yaml"))]
    server = ["dagster-webserver", "-h", HOST, "-p", str(port), "--log-level", "warning", *workspace]
    daemon = ["dagster-daemon", "run", "--log-level", "warning", *workspace]
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended from outside, our children must end too
    try:
        with _running([server, daemon], port, home / LOG) as processes:
            _wait_for_answer(processes, port, home / LOG)
            on_ready()
            while True:
                _refuse_ended(processes, home / LOG)
                time.sleep(PAUSE)
    except KeyboardInterrupt:
        return


def refuse_taken(port: int) -> None:
    """Raises `PortTaken` if nothing can serve at the port on loopback."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            taken = f"port {port} on {HOST} cannot be had ({error.strerror}); name another with --port"
            raise PortTaken(taken) from error


def load_errors(port: int) -> list[str]:
    """Why a code location could not be loaded, one line each, as the UI that answers at the port says it."""
    asked = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        asked.request("POST", "/graphql", json.dumps({"query": _LOADED}), {"Content-Type": "application/json"})
        entries = json.load(asked.getresponse())["data"]["workspaceOrError"]["locationEntries"]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # the pages say it as well
    finally:
        asked.close()
    found = [entry["locationOrLoadError"] for entry in entries]
    return [_reason(error) for error in found if error and error["__typename"] == "PythonError"]


_LOADED = """{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
    __typename ... on PythonError { message causes { message } } } } } } }"""


def _reason(error: dict[str, Any]) -> str:
    """Ours if there is one in the chain, without the name of its class."""
    messages = [error["message"], *(cause["message"] for cause in error["causes"])]
    ours = [message for message in messages if message.startswith("reamaze_pipeline.errors.")]
    return " ".join((ours or messages)[-1].split()).removeprefix("reamaze_pipeline.errors.").partition(": ")[2]


@contextmanager
def _running(commands: Sequence[Sequence[str]], port: int, log: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes, each the leader of its group, and of all of them none afterwards, however the block ends."""
    end, lifeline = os.pipe()
    processes: list[subprocess.Popen[bytes]] = []
    with log.open("wb") as printed:
        try:
            for name, *arguments in commands:
                command = [sys.executable, "-m", "reamaze_pipeline.instance.launched", name, str(end), str(port)]
                processes.append(
                    subprocess.Popen(  # noqa: S603 our own commands
                        [*command, *arguments],
                        pass_fds=[end],
                        start_new_session=True,  # Ctrl-C is for us; we end them
                        stdin=subprocess.DEVNULL,
                        stdout=printed,
                        stderr=subprocess.STDOUT,
                    )
                )
            yield processes
        finally:
            previous = signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second Ctrl-C leaves nobody behind
            for process in processes:
                process.terminate()
            for process in processes:
                end_group(process.pid)
                process.wait()
            for descriptor in (end, lifeline):
                os.close(descriptor)
            signal.signal(signal.SIGINT, previous)


def _wait_for_answer(processes: Sequence[subprocess.Popen[bytes]], port: int, log: Path) -> None:
    while True:
        _refuse_ended(processes, log)
        asked = http.client.HTTPConnection(HOST, port, timeout=10)
        try:
            asked.request("GET", "/server_info")
            if asked.getresponse().status == http.client.OK:
                return
        except OSError:
            pass
        finally:
            asked.close()
        time.sleep(PAUSE)


def _refuse_ended(processes: Sequence[subprocess.Popen[bytes]], log: Path) -> None:
    for process in processes:
        if process.poll() is not None:
            name = str(process.args[3]) if isinstance(process.args, list) else "a process"
            lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
            said = f": {' / '.join(lines[-TOLD:])}" if lines else ""
            raise UiFailed(f"{name} ended with exit code {process.returncode}; {log} says why{said}")
