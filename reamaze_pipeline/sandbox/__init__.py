"""Re:amaze's messages API on loopback, over a history that looks lived in: for demo, tests, benchmarks.

`Sandbox` serves from a thread while it is entered, `serve_forever` from the foreground. The list of
messages is `history`, who writes them and what is in `brand`, how they are served in `serving`. Imports no other room.
"""

from reamaze_pipeline.sandbox.history import History, Truth
from reamaze_pipeline.sandbox.options import SandboxOptions
from reamaze_pipeline.sandbox.serving.endpoints import RequestSeen
from reamaze_pipeline.sandbox.serving.faults import Drift, Failure, Faults, RateLimit
from reamaze_pipeline.sandbox.serving.server import Sandbox, serve_forever

__all__ = [
    "Drift",
    "Failure",
    "Faults",
    "History",
    "RateLimit",
    "RequestSeen",
    "Sandbox",
    "SandboxOptions",
    "Truth",
    "serve_forever",
]
