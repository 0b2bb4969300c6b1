"""The process that draws: its engine takes most of a second to start, so it starts ahead, on a core of its own.

vl-convert does the work: one line of JSON in, one out, in the order asked. What a chart shows and how it looks is not
known here.
"""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
from types import TracebackType
from typing import IO, Any, Self, cast

from reamaze_pipeline.report.errors import DrawingFailed

Spec = dict[str, Any]
"""A Vega-Lite specification, or a part of one: https://vega.github.io/vega-lite/docs/"""
_VERSION = "6.4"
"""Of Vega-Lite: what is drawn must not change with the newest version that vl-convert knows."""
_SMALLEST: Spec = {"data": {"values": [{}]}, "mark": "point"}


class Renderer:
    """Vega-Lite specifications made into drawings, without network or browser, for as long as the block lasts.

    The process ends with the block, and by itself if this one is killed. Its methods raise `DrawingFailed`.
    """

    def __enter__(self) -> Self:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", __name__], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        self._asked, self._answered = cast("IO[str]", self._process.stdin), cast("IO[str]", self._process.stdout)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def svg(self, spec: Spec) -> str:
        """An SVG document."""
        return self._draw("svg", spec)

    def png(self, spec: Spec) -> bytes:
        """A PNG file."""
        return base64.b64decode(self._draw("png", spec))

    def _draw(self, form: str, spec: Spec) -> str:
        try:
            self._asked.write(json.dumps([form, spec]) + "\n")
            self._asked.flush()
            drawn, refused = json.loads(self._answered.readline())
        except (OSError, ValueError) as error:
            raise DrawingFailed(
                "the drawing library vl-convert ended or did not start; see that there is free memory and that"
                " `python -c 'import vl_convert'` works, then run reamaze-pipeline report"
            ) from error
        if refused:
            raise DrawingFailed(f"the drawing library vl-convert refused a chart ({refused}); please report this")
        return str(drawn)


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
