"""The sandbox's own endpoints under `/_sandbox`, for when it runs as a process. JSON in, JSON out, no login.

| request | does |
|---|---|
| `GET /_sandbox` | options without the token, number of rows, newest and oldest, number of requests |
| `GET /_sandbox/requests` | requests seen: ordinal, path, query, status; `DELETE` forgets them |
| `GET /_sandbox/faults` | the controls; `POST` sets the ones named, `DELETE` clears all |
| `POST /_sandbox/rows` | one step, or a list of them, as in `faults.take_step` |

`POST /_sandbox/faults` takes `latency_ms`, `rate_limit` (`{"requests", "seconds", "retry_after"}` or null),
`failures` (a list of kinds and nulls), `failure_probability`, `failure_kinds`, `failure_seed`,
`failure_retry_after`, `hang_seconds`, `drift` (`{"insert_front", "insert_late", "delete_row",
"delete_conversation", "seed"}` or null) and `plan` (`{"3": [step, ...]}`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reamaze_pipeline.sandbox.history import History
from reamaze_pipeline.sandbox.options import SandboxOptions
from reamaze_pipeline.sandbox.serving.endpoints import RequestLog, refuse, reply
from reamaze_pipeline.sandbox.serving.faults import FAILURES, STEPS, Drift, Faults, RateLimit, take_step

NUMBERS = ("latency_ms", "failure_probability", "failure_seed", "hang_seconds")
RECORDS: dict[str, type[RateLimit | Drift]] = {"rate_limit": RateLimit, "drift": Drift}


class Controls:
    """The control endpoints over one sandbox."""

    def __init__(self, options: SandboxOptions, history: History, faults: Faults, log: RequestLog) -> None:
        self.options, self.history, self.faults, self.log = options, history, faults, log

    def routes(self) -> list[Route]:
        """The control routes."""
        return [
            Route("/_sandbox", self.overview, methods=["GET"]),
            Route("/_sandbox/requests", self.requests, methods=["GET", "DELETE"]),
            Route("/_sandbox/faults", self.set_faults, methods=["GET", "POST", "DELETE"]),
            Route("/_sandbox/rows", self.change_rows, methods=["POST"]),
        ]

    async def overview(self, request: Request) -> Response:
        """What is being served."""
        del request
        newest, oldest = self.history.newest(), self.history.oldest()
        options = {name: value for name, value in asdict(self.options).items() if name != "token"}
        seen = self.log.all()
        return reply(
            {
                "options": options | {"end": self.options.end_instant().isoformat()},
                "rows": len(self.history),
                "newest": newest.isoformat() if newest else None,
                "oldest": oldest.isoformat() if oldest else None,
                "requests": len(seen),
                "statuses": {str(status): n for status, n in Counter(one.status for one in seen).items()},
            }
        )

    async def requests(self, request: Request) -> Response:
        """The log, or its end."""
        if request.method == "DELETE":
            self.log.reset()
        return reply([asdict(seen) for seen in self.log.all()])

    async def set_faults(self, request: Request) -> Response:
        """Read, set or clear the controls."""
        if request.method == "DELETE":
            self.faults.clear()
        elif request.method == "POST":
            body = await _json(request)
            if not isinstance(body, dict):
                raise refuse(422, "Send an object of controls.")
            try:
                values = {name: _control(name, value) for name, value in body.items()}
            except (TypeError, ValueError, AttributeError) as error:
                raise refuse(422, str(error)) from None
            for name, value in values.items():
                setattr(self.faults, name, value)
        faults = self.faults
        return reply(
            {name: getattr(faults, name) for name in (*NUMBERS, "failure_retry_after")}
            | {
                "rate_limit": asdict(faults.rate_limit) if faults.rate_limit else None,
                "failures": list(faults.failures),
                "failure_kinds": list(faults.failure_kinds),
                "drift": faults.drift.chances() if isinstance(faults.drift, Drift) else None,
                "plan": {str(ordinal): list(steps) for ordinal, steps in faults.plan.items()},
            }
        )

    async def change_rows(self, request: Request) -> Response:
        """Take steps at once."""
        body = await _json(request)
        steps = body if isinstance(body, list) else [body]
        touched = 0
        try:
            with self.history.lock:
                for step in steps:
                    touched += take_step(step, self.history)
        except (TypeError, ValueError, AttributeError) as error:
            raise refuse(422, str(error)) from None
        return reply({"touched": touched, "rows": len(self.history)})


async def _json(request: Request) -> Any:
    """The body; only as declared JSON, so that no web page can post here unasked."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise refuse(415, "Send JSON with Content-Type: application/json.")
    try:
        return await request.json()
    except ValueError:
        raise refuse(422, "The body is not JSON.") from None


def _control(name: str, value: Any) -> Any:
    """A control's value from JSON. Raises ValueError or TypeError, with what is wrong."""
    if name in NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ValueError(f"{name} must be a number from 0 on")
        return value
    if name == "failure_retry_after" and (value is None or isinstance(value, str)):
        return value
    if name in RECORDS:
        return None if value is None else RECORDS[name](**value)
    if name == "failures" and isinstance(value, list):
        return _kinds(name, value, (*FAILURES, None))
    if name == "failure_kinds" and isinstance(value, list) and value:
        return _kinds(name, value, FAILURES)
    if name == "plan" and isinstance(value, Mapping):
        plan = {int(ordinal): steps for ordinal, steps in value.items()}
        for step in (step for steps in plan.values() for step in steps):
            if step.get("do") not in STEPS:
                raise ValueError(f"plan: no such step {step.get('do')!r}; there are {', '.join(STEPS)}")
        return plan
    raise ValueError(f"{name} is no control, or has the wrong type")


def _kinds(name: str, kinds: list[Any], known: Sequence[str | None]) -> list[Any]:
    for kind in kinds:
        if kind not in known:
            raise ValueError(f"{name}: no such kind {kind!r}; there are {', '.join(FAILURES)}")
    return kinds
