"""Re:amaze's messages API on loopback, over a history that looks lived in: for demo, tests, benchmarks.

`Sandbox` serves from a thread while it is entered, `serve_forever` from the foreground. Endpoints are in
`app`, the controls over HTTP in `controls`, what can go wrong in `faults`. Imports no other room.
"""

from reamaze_pipeline.sandbox.app import RequestSeen
from reamaze_pipeline.sandbox.faults import Drift, Failure, Faults, RateLimit
from reamaze_pipeline.sandbox.history import History, Truth
from reamaze_pipeline.sandbox.options import SandboxOptions
from reamaze_pipeline.sandbox.server import Sandbox, serve_forever

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
