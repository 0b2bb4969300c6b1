"""One request, made reliable: what is asked again, what fails at once, what is never said. Over real HTTP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reamaze_pipeline.api.client import ReamazeClient, RetryPolicy
from reamaze_pipeline.errors import (
    ApiUnavailable,
    BrandNotFound,
    ClientClosed,
    LoginRefused,
    ReamazeError,
    RequestRefused,
    UnexpectedAnswer,
)
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions
from reamaze_pipeline.sandbox.serving.faults import PASSING, RateLimit

END = datetime(2026, 3, 12, tzinfo=UTC)
TOKEN = "s3cret-token-äö"
EMAIL = "agent-login@acme.example"
QUICK = RetryPolicy(first_wait=0.001, longest_wait=0.01, rate_limit_wait=0.01, longest_retry_after=0.05)


@pytest.fixture(scope="module")
def serving() -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(messages=100, days=10, end=END, email=EMAIL, token=TOKEN)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(serving: Sandbox) -> Iterator[Sandbox]:
    serving.reset_requests()
    yield serving
    serving.faults.clear()


def client(sandbox: Sandbox, **options: object) -> ReamazeClient:
    given = {"email": sandbox.email, "token": sandbox.token, "retry": QUICK, **options}
    return ReamazeClient(sandbox.url, **given)  # type: ignore[arg-type]


def test_a_page_is_read_whole(sandbox: Sandbox) -> None:
    with client(sandbox) as api:
        page = api.page("staff", 2)
    assert (page.audience, page.number, page.page_size) == ("staff", 2, 30)
    assert api.traffic.requests == 1
    (seen,) = sandbox.requests
    assert seen.query == {"page": "2", "filter": "staff"}


@pytest.mark.parametrize("kind", [*PASSING, "429", "not_json", "empty"])
def test_what_may_pass_is_asked_again(sandbox: Sandbox, kind: str) -> None:
    sandbox.faults.failures = [kind, kind]  # type: ignore[list-item]
    with client(sandbox) as api:
        assert api.page().total_count == 100
    assert (api.traffic.requests, api.traffic.retries) == (3, 2)
    assert api.traffic.waited_seconds > 0


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("401", LoginRefused),
        ("403", LoginRefused),
        ("404", BrandNotFound),
        ("422", RequestRefused),
        ("redirect", RequestRefused),
        ("error200", UnexpectedAnswer),
    ],
)
def test_what_will_not_pass_fails_at_once(sandbox: Sandbox, kind: str, error: type[ReamazeError]) -> None:
    sandbox.faults.failures = [kind]  # type: ignore[list-item]
    with client(sandbox) as api, pytest.raises(error) as caught:
        api.page()
    assert api.traffic.requests == 1
    assert_safe(caught.value)


@pytest.mark.parametrize(
    ("kind", "error", "requests"),
    [
        ("500", ApiUnavailable, 6),
        ("503", ApiUnavailable, 6),
        ("429", ApiUnavailable, 6),
        ("reset", ApiUnavailable, 6),
        ("truncated", ApiUnavailable, 6),
        ("html200", UnexpectedAnswer, 3),
    ],
)
def test_patience_ends(sandbox: Sandbox, kind: str, error: type[ReamazeError], requests: int) -> None:
    sandbox.faults.failures = [kind] * 20  # type: ignore[list-item]
    with client(sandbox) as api, pytest.raises(error) as caught:
        api.page()
    assert api.traffic.requests == requests
    assert_safe(caught.value)


def assert_safe(error: ReamazeError) -> None:
    """One line; neither login nor token; nothing worse behind it."""
    said = str(error)
    assert said
    assert "\n" not in said
    assert TOKEN not in said
    assert EMAIL not in said
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


def test_an_answer_that_breaks_its_promise_is_asked_again_and_then_refused(sandbox: Sandbox) -> None:
    sandbox.faults.tamper = lambda document: {**document, "total_count": document["total_count"] + 30}
    with client(sandbox) as api, pytest.raises(UnexpectedAnswer, match="promise"):
        api.page(number=4)
    assert api.traffic.requests == 3


def test_a_wrong_login_is_refused(sandbox: Sandbox) -> None:
    for given in ({"token": "wrong"}, {"email": "nobody@acme.example"}):
        with client(sandbox, **given) as api, pytest.raises(LoginRefused, match="REAMAZE_API_TOKEN"):
            api.page()


def test_netrc_does_not_override_the_login(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with client(sandbox) as api:
        assert api.page().number == 1


def test_neither_repr_nor_page_shows_a_secret(sandbox: Sandbox) -> None:
    with client(sandbox) as api:
        page = api.page()
    for shown in (repr(api), str(api), repr(page), repr(api.traffic)):
        assert TOKEN not in shown
        assert EMAIL not in shown


@pytest.mark.parametrize("url", ["acme", "ftp://acme/api", "https://me:secret@acme.reamaze.io/api/v1", "https://"])
def test_a_root_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="API root") as caught:
        ReamazeClient(url, EMAIL, TOKEN)
    assert "secret" not in str(caught.value)


def test_nobody_listening(unused_tcp_port: int) -> None:
    api = ReamazeClient(f"http://127.0.0.1:{unused_tcp_port}", EMAIL, TOKEN, retry=QUICK)
    with api, pytest.raises(ApiUnavailable, match="check the network") as caught:
        api.page()
    assert_safe(caught.value)


@pytest.fixture
def unused_tcp_port() -> int:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return server.server_port


def test_where_nobody_answers_is_said_with_the_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    api = ReamazeClient(f"http://127.0.0.1:{port}/api/v1", EMAIL, TOKEN, retry=RetryPolicy(attempts=1))
    with api, pytest.raises(ApiUnavailable, match=f"cannot get an answer from 127.0.0.1:{port} "):
        api.page()


def test_a_hanging_server_is_given_up(sandbox: Sandbox) -> None:
    sandbox.faults.hang_seconds = 5
    sandbox.faults.failures = ["hang", "hang"]
    api = client(sandbox, timeout=0.05, retry=RetryPolicy(attempts=2, first_wait=0.001))
    with api, pytest.raises(ApiUnavailable, match="Timeout"):
        api.page()


@pytest.mark.parametrize(
    ("header", "at_least", "at_most"),
    [
        (lambda: "1", 1.0, 1.9),
        (lambda: "0", 0.02, 0.03),
        (lambda: "100000", 2.0, 3.0),
        (lambda: format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True), 2.0, 3.0),
        (lambda: format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True), 0.02, 0.03),
        (lambda: "soon", 0.05, 0.9),
        (lambda: "-5", 0.05, 0.9),
        (lambda: None, 0.05, 0.9),
    ],
)
def test_retry_after_is_honoured_and_clamped(
    sandbox: Sandbox, header: Callable[[], str | None], at_least: float, at_most: float
) -> None:
    sandbox.faults.failure_retry_after = header()
    sandbox.faults.failures = ["429"]
    with client(sandbox, retry=RetryPolicy(first_wait=0.02, rate_limit_wait=0.05, longest_retry_after=2.0)) as api:
        api.page()
    assert at_least <= api.traffic.waited_seconds <= at_most


def test_a_429_holds_every_thread(sandbox: Sandbox) -> None:
    sandbox.faults.rate_limit = RateLimit(4, seconds=0.4)
    with client(sandbox, retry=RetryPolicy(longest_retry_after=1.0), concurrency=4) as api:
        threads = [threading.Thread(target=api.page, args=("all", n)) for n in (1, 2, 3, 4, 1, 2, 3, 4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len([seen for seen in sandbox.requests if seen.status == 200]) == 8
    assert api.traffic.retries <= 8


def test_the_rate_is_kept_across_threads(sandbox: Sandbox) -> None:
    with client(sandbox, requests_per_minute=1200, concurrency=4) as api:
        began = time.monotonic()
        threads = [threading.Thread(target=api.page) for _ in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # Nine requests need eight intervals of 50 ms; never sooner, however fast the machine.
    assert time.monotonic() - began >= 8 * 0.05
    assert api.traffic.waited_seconds > 0


def test_closing_ends_a_long_wait(sandbox: Sandbox) -> None:
    sandbox.faults.failures = ["429"]
    ended: list[BaseException] = []
    api = client(sandbox, retry=RetryPolicy(rate_limit_wait=3600))

    def ask() -> None:
        try:
            api.page()
        except ReamazeError as error:
            ended.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    while not sandbox.requests:
        time.sleep(0.005)
    api.close()
    thread.join(timeout=10)
    assert [type(error) for error in ended] == [ClientClosed]
    with pytest.raises(ClientClosed):
        api.page()


@pytest.mark.parametrize("bad", [{"requests_per_minute": 0}, {"concurrency": 0}])
def test_impossible_settings_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"above 0|at least 1"):
        ReamazeClient("http://127.0.0.1:1", EMAIL, TOKEN, **bad)  # type: ignore[arg-type]
