"""The processes that draw: their engine takes most of a second to start, so they start ahead of the first drawing.

vl-convert does the work: one line of JSON in, one out. What a chart shows and how it looks is not known here.
"""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Any, Self, cast

from reamaze_pipeline.errors import DrawingFailed
from reamaze_pipeline.settings.typed import typed

Spec = dict[str, Any]
"""A Vega-Lite specification, or a part of one: https://vega.github.io/vega-lite/docs/"""
AT_ONCE = 2
"""Drawings made at once: more cores are not worth the memory, 80 MB for each."""
_Process = subprocess.Popen[str]
_VERSION = "6.4"
"""Of Vega-Lite: what is drawn must not change with the newest version that vl-convert knows."""
_SMALLEST: Spec = {"data": {"values": [{}]}, "mark": "point"}


class Renderer:
    """Vega-Lite specifications made into drawings, without network or browser, for as long as the block lasts.

    `AT_ONCE` threads are served at a time, each by a process of its own, because one draws on one core. These end with
    the block, and by themselves if this process is killed. Its methods raise `DrawingFailed`.
    """

    def __enter__(self) -> Self:
        self._processes = [_start() for _ in range(AT_ONCE)]
        self._idle: SimpleQueue[_Process] = SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()

    def svg(self, spec: Spec) -> str:
        """An SVG document."""
        return self._draw("svg", spec)

    def png(self, spec: Spec) -> bytes:
        """A PNG file."""
        return base64.b64decode(self._draw("png", spec))

    def _draw(self, form: str, spec: Spec) -> str:
        process = self._idle.get()
        try:
            drawn, refused = _ask(process, [form, spec])
        except (OSError, ValueError) as error:
            raise DrawingFailed(
                "the drawing library vl-convert ended or did not start; see that there is free memory and that"
                f" `python -c 'import vl_convert'` works, then run {typed('report')}"
            ) from error
        finally:
            self._idle.put(process)
        if refused:
            raise DrawingFailed(f"the drawing library vl-convert refused a chart ({refused}); please report this")
        return str(drawn)


def _start() -> _Process:
    pipe = subprocess.PIPE
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", __name__], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    )


def _ask(process: _Process, question: list[Any]) -> Any:
    asked, answered = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
    asked.write(json.dumps(question) + "\n")
    asked.flush()
    return json.loads(answered.readline())


def _serve() -> None:
    """Draw what each line of standard input asks for, until it ends. Of an error only its kind is told."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import vl_convert  # noqa: PLC0415 only this process draws

    vl_convert.vegalite_to_svg(_SMALLEST, vl_version=_VERSION)
    for line in sys.stdin:
        form, spec = json.loads(line)
        try:
            if form == "svg":
                drawn = vl_convert.vegalite_to_svg(spec, vl_version=_VERSION)
            else:
                drawn = base64.b64encode(vl_convert.vegalite_to_png(spec, vl_version=_VERSION)).decode()
            answer = [drawn, None]
        except ValueError as error:
            answer = [None, type(error).__name__]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
