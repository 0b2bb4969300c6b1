"""The process that draws: what it answers, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reamaze_pipeline.report.errors import DrawingFailed
from reamaze_pipeline.report.renderer import Renderer, Spec

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


def test_drawings_come_in_the_order_asked() -> None:
    with Renderer() as renderer:
        wide, narrow = (renderer.svg({**BARS, "width": width}) for width in (400, 200))
        picture = renderer.png(BARS)
    assert wide.startswith("<svg")
    assert wide != narrow
    assert picture.startswith(b"\x89PNG")


def test_a_refused_chart_says_nothing_of_its_data_and_the_next_is_drawn() -> None:
    with Renderer() as renderer:
        with pytest.raises(DrawingFailed, match=r"refused a chart \(ValueError\)") as refused:
            renderer.svg({**BARS, "mark": {"type": "Zoë"}})
        assert "Zoë" not in str(refused.value)
        assert renderer.svg(BARS).startswith("<svg")


def test_an_engine_that_ended_is_an_error_that_says_what_to_do() -> None:
    with Renderer() as renderer:
        renderer._process.kill()
        with pytest.raises(DrawingFailed, match="run reamaze-pipeline report"):
            renderer.svg(BARS)


def test_the_engine_ends_with_the_block() -> None:
    with Renderer() as renderer:
        process = renderer._process.pid
    assert gone(process)


def test_the_engine_ends_when_its_user_is_killed() -> None:
    holds = (
        "import sys, time\n"
        "from reamaze_pipeline.report.renderer import Renderer\n"
        "with Renderer() as renderer:\n"
        "    renderer.svg({'mark': 'point', 'data': {'values': [{}]}})\n"
        "    print(renderer._process.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", holds], stdout=subprocess.PIPE, text=True) as user:
        assert user.stdout is not None
        process = int(user.stdout.readline())
        user.send_signal(signal.SIGKILL)
    assert gone(process)
