"""How the sandbox's own tests talk to it: with `requests`, over loopback, as any client would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from reamaze_pipeline.sandbox import Sandbox, SandboxOptions

END = datetime(2026, 4, 1, tzinfo=UTC)
"""With 180 days before it, both daylight-saving changes of the brand's zone lie inside."""

Options = Callable[..., SandboxOptions]


class Caller:
    """A login and a session for one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = (sandbox.email, sandbox.token)
        self.session.headers["Accept"] = "application/json"

    def get(self, path: str = "/messages", **params: Any) -> requests.Response:
        """GET a path below the API's root."""
        return self.session.get(self.sandbox.url + path, params=params, timeout=10, allow_redirects=False)

    def page(self, path: str = "/messages", **params: Any) -> dict[str, Any]:
        """The envelope of a page."""
        response = self.get(path, **params)
        assert response.status_code == 200, response.text
        envelope: dict[str, Any] = response.json()
        return envelope

    def rows(self, path: str = "/messages", **params: Any) -> list[dict[str, Any]]:
        """All rows of a list at rest, page by page."""
        first = self.page(path, **params)
        rows = list(first["messages"])
        for page in range(2, first["page_count"] + 1):
            rows += self.page(path, **params, page=page)["messages"]
        assert len(rows) == first["total_count"]
        return rows

    def control(self, method: str, path: str, body: object = None) -> requests.Response:
        """A request to the sandbox's own endpoints."""
        root = self.sandbox.url.removesuffix("/api/v1")
        return self.session.request(method, f"{root}/_sandbox{path}", json=body, timeout=10)


@pytest.fixture(scope="session")
def options() -> Options:
    """Options with a fixed end, for histories that are the same on any day."""

    def build(**changes: Any) -> SandboxOptions:
        return SandboxOptions(**({"messages": 300, "end": END} | changes))

    return build


@pytest.fixture
def serve(options: Options) -> Iterator[Callable[..., Caller]]:
    """Starts sandboxes, each with its caller; all are stopped when the test ends."""
    entered: list[Caller] = []

    def start(rows: list[dict[str, Any]] | None = None, **changes: Any) -> Caller:
        caller = Caller(Sandbox(options(**changes), rows=rows).__enter__())
        entered.append(caller)
        return caller

    yield start
    for caller in entered:
        caller.session.close()
        caller.sandbox.__exit__()


@pytest.fixture(scope="session")
def lived_in(options: Options) -> Iterator[Caller]:
    """One history of demo size, all of the newer revision; tests that share it change nothing."""
    with Sandbox(options(messages=3000, dates_honoured=True)) as sandbox:
        caller = Caller(sandbox)
        yield caller
        caller.session.close()
