"""A process of Dagster's as `ui` starts it: it ends when `ui` ends, however that came; the server gets its gate.

Run as ``python -m reamaze_pipeline.instance.launched SCRIPT LIFELINE PORT [ARGUMENT …]``. LIFELINE is the number of a
pipe that `ui` holds the other end of; it closes when `ui` ends, `kill -9` included. The process leads a group of its
own, so that what it starts ends with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from importlib.metadata import entry_points
from typing import Any

SERVER = "dagster-webserver"
SECONDS_TO_END = 10

_END_GROUP = """
import os, signal, sys, time
group, seconds = int(sys.argv[1]), float(sys.argv[2])
try:
    os.killpg(group, signal.SIGTERM)
    while seconds > 0:
        time.sleep(0.1)
        seconds -= 0.1
        os.killpg(group, 0)
    os.killpg(group, signal.SIGKILL)
except ProcessLookupError:
    pass
"""


def main() -> None:
    """Become the process."""
    script, lifeline, port, *arguments = sys.argv[1:]
    threading.Thread(target=_end_with, args=(int(lifeline),), daemon=True).start()
    if script == SERVER:
        _put_gate(int(port))
    sys.argv = [script, *arguments]
    (command,) = entry_points(group="console_scripts", name=script)
    sys.exit(command.load()())


def end_group(group: int, seconds: float = SECONDS_TO_END) -> None:
    """Ask all of a process group to end, and end what does not. Waits for it."""
    subprocess.run([sys.executable, "-c", _END_GROUP, str(group), str(seconds)], check=False)  # noqa: S603 our own code


def _end_with(lifeline: int) -> None:
    """By a process outside of the group, because the group's own end with it."""
    os.read(lifeline, 1)
    command = [sys.executable, "-c", _END_GROUP, str(os.getpgrp()), str(SECONDS_TO_END)]
    subprocess.Popen(command, start_new_session=True)  # noqa: S603 our own code
    signal.pause()


def _put_gate(port: int) -> None:
    """Dagster's command makes the app and hands it to uvicorn: the one place between the two."""
    import uvicorn  # noqa: PLC0415

    from reamaze_pipeline.instance.gate import Gate  # noqa: PLC0415

    run = uvicorn.run

    def gated(app: Any, **options: Any) -> None:
        run(Gate(app, port), **options)

    uvicorn.run = gated


if __name__ == "__main__":
    main()
