"""The processes that draw: what they answer, and how they end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reamaze_pipeline.errors import DrawingFailed
from reamaze_pipeline.report.charts.renderer import AT_ONCE, Renderer, Spec

BARS: Spec = {"data": {"values": [{"of": "Zoë", "n": 3}]}, "mark": "bar", "encoding": {"x": {"field": "n"}}}
ENDS_WITHIN = 20.0


def gone(process: int) -> bool:
    """Whether the process ended, waiting a while for it."""
    over = time.monotonic() + ENDS_WITHIN
    while time.monotonic() < over:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{process}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_each_gets_the_drawing_it_asked_for() -> None:
    widths = range(200, 200 + 4 * AT_ONCE)
    with Renderer() as renderer, ThreadPoolExecutor(len(widths)) as threads:
        drawn = list(threads.map(lambda width: renderer.svg({**BARS, "width": width}), widths))
        picture = renderer.png(BARS)
    given = [int(re.findall(r'width="(\d+)"', drawing)[0]) for drawing in drawn]
    assert [width - given[0] for width in given] == [width - widths[0] for width in widths]  # margins are added
    assert picture.startswith(b"\x89PNG")


def test_a_refused_chart_says_nothing_of_its_data_and_the_next_is_drawn() -> None:
    with Renderer() as renderer:
        with pytest.raises(DrawingFailed, match=r"refused a chart \(ValueError\)") as refused:
            renderer.svg({**BARS, "mark": {"type": "Zoë"}})
        assert "Zoë" not in str(refused.value)
        assert renderer.svg(BARS).startswith("<svg")


def test_an_engine_that_ended_is_an_error_that_says_what_to_do() -> None:
    with Renderer() as renderer:
        for process in renderer._processes:
            process.kill()
        with pytest.raises(DrawingFailed, match="run reamaze-pipeline report"):
            renderer.svg(BARS)


def test_the_engine_ends_with_the_block() -> None:
    with Renderer() as renderer:
        processes = [process.pid for process in renderer._processes]
    assert all(gone(process) for process in processes)


def test_the_engine_ends_when_its_user_is_killed() -> None:
    holds = (
        "import sys, time\n"
        "from reamaze_pipeline.report.charts.renderer import Renderer\n"
        "with Renderer() as renderer:\n"
        "    renderer.svg({'mark': 'point', 'data': {'values': [{}]}})\n"
        "    print(*[process.pid for process in renderer._processes], flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", holds], stdout=subprocess.PIPE, text=True) as user:
        assert user.stdout is not None
        processes = list(map(int, user.stdout.readline().split()))
        user.send_signal(signal.SIGKILL)
    assert len(processes) == AT_ONCE
    assert all(gone(process) for process in processes)
