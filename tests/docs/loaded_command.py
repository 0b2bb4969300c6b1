"""`reamaze-pipeline` for a page's shell, out of a process that has loaded it already.

Loading takes three seconds of processor time, and the pages hold some forty commands. What serves loads once and makes
a copy of itself for each command, which has the caller's folder, environment, input and output, runs `main` and ends
with its exit code. Nothing is kept from one command to the next. That the command starts by itself is tried in
`tests/commands`.

    python -m tests.docs.loaded_command SOCKET        # serve, once `ready` is printed
    python loaded_command.py SOCKET WORD …            # be the command
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import socket
import sys
from importlib import import_module
from pathlib import Path

LOADED = ("commands.app", "runs.backfill", "runs.health", "report.build", "doctor.examine")
LONGEST = 150_000
"""Bytes of words and environment, far below what the system lets through in one piece."""


def serve(address: str) -> None:
    """Answer until killed. In the copy that is to be a command, it returns."""
    gc.disable()
    for module in LOADED:
        import_module(f"reamaze_pipeline.{module}")
    gc.freeze()
    gc.enable()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(address)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            asking, _ = listening.accept()
            if not os.fork():
                break
            asking.close()
            while _ended():
                pass
    _answer(asking)


def _ended() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] > 0
    except ChildProcessError:
        return False


def _answer(asking: socket.socket) -> None:
    """Become the command, and leave somebody behind who says how it ended."""
    told, files, _, _ = socket.recv_fds(asking, LONGEST, 3)
    command = os.fork()
    if command:
        _, status = os.waitpid(command, 0)
        asking.send(bytes([os.waitstatus_to_exitcode(status) & 255]))
        os._exit(0)
    asking.close()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    words, folder, environment = json.loads(told)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["reamaze-pipeline", *words]


def ask(address: str, words: list[str]) -> int:
    """Have the command run with all that this process has; its exit code."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
        asking.connect(address)
        told = json.dumps([words, str(Path.cwd()), dict(os.environ)]).encode()
        socket.send_fds(asking, [told], [0, 1, 2])
        return (asking.recv(1) or b"\xff")[0]


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    serve(sys.argv[1])
    from reamaze_pipeline.commands.app import main

    code: object = 0
    try:
        main()
    except SystemExit as ending:
        code = ending.code
    atexit._run_exitfuncs()  # an ordinary end would abort: DuckDB's threads, which it wants to end, stayed behind
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)
