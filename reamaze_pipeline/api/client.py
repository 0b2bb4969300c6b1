"""One request, made reliable: one page of one list of messages and nothing else.

Belongs here: login and connection pool. What does not: what an answer means that is no page (`answers.py`), how often
and how long to try (`retry.py`), which pages to ask for (the crawl) and what a page must look like (`page.py`).

Asked again, within the bounds of `RetryPolicy`: connection errors, timeouts, answers cut short or late, 408, 425, 429,
5xx that pass, and 200 with what is not a page (proxies send HTML; count and list taken at two moments may disagree).
Failed at once: 401, 403, 404, any other 4xx, redirects (the login must not follow one), an error body with
200, an answer larger than was agreed.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests
import urllib3
from requests.auth import HTTPBasicAuth
from requests.utils import get_environ_proxies
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from reamaze_pipeline.api import deadline
from reamaze_pipeline.api.answers import Answer, failure, is_error_body
from reamaze_pipeline.api.body import TooLarge, read_beginning, read_body
from reamaze_pipeline.api.message_list import MessageList
from reamaze_pipeline.api.page import Audience, Page, read_page
from reamaze_pipeline.api.rate_limit import RateLimiter
from reamaze_pipeline.api.retry import AskAgain, RetryPolicy, give_up, http_date
from reamaze_pipeline.errors import ApiUnavailable, ListNotFound, ReamazeError, UnexpectedAnswer
from reamaze_pipeline.settings import Login, clock

__all__ = ["DEFAULT_USER_AGENT", "ReamazeClient", "RetryPolicy", "Traffic"]

DEFAULT_USER_AGENT = "reamaze-pipeline"
ANSWER_SECONDS = 90.0
ANSWER_MEGABYTES = 32.0


@dataclass(frozen=True)
class Traffic:
    """What a client did so far: HTTP requests sent (retries included), retries among them, seconds waited."""

    requests: int = 0
    retries: int = 0
    waited_seconds: float = 0.0


class ReamazeClient:
    """Asks one brand's API for pages of messages. Thread-safe; use it as a context manager.

    `api_url` is the API root, such as `https://brand.reamaze.io/api/v1`. `timeout` (seconds) replaces the
    read timeout of `retry`, which bounds a silence; `answer_seconds` bounds a whole answer, `answer_megabytes` its
    decoded body. Raises `ValueError` for a root that is not an http(s) address.
    """

    def __init__(
        self,
        api_url: str,
        email: str,
        token: str,
        *,
        requests_per_minute: float | None = None,
        concurrency: int = 4,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        answer_megabytes: float = ANSWER_MEGABYTES,
        user_agent: str = DEFAULT_USER_AGENT,
    ) -> None:
        address = urlsplit(api_url)
        if address.scheme not in {"http", "https"} or not address.hostname or "@" in address.netloc:
            raise ValueError("the API root must look like https://brand.reamaze.io/api/v1, without a login in it")
        if concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        self.api_url = api_url.rstrip("/")
        self.concurrency = concurrency
        policy = retry or RetryPolicy()
        self.retry = policy if timeout is None else replace(policy, read_timeout=timeout)
        self.answer_seconds = answer_seconds
        self.answer_megabytes = answer_megabytes
        self._host = address.netloc  # with its port: several things serve on one machine
        self._secrets = (token, email)
        self._gate = RateLimiter(requests_per_minute)
        self._lock = threading.Lock()
        self._traffic = Traffic()
        self.on_retry: Callable[[str], None] | None = None
        """Hears one line for each request that is asked again, in the thread that asks."""
        self.time_there: datetime | None = None
        """The newest time (aware) that an answer was dated with, by the clock of Re:amaze; None if none was."""
        self._session = _session(self.api_url, concurrency, user_agent)
        # Merging settings, headers and login anew takes longer than the rest of a request together.
        self._request = self._session.prepare_request(
            requests.Request("GET", f"{self.api_url}/messages", auth=HTTPBasicAuth(email.encode(), token.encode()))
        )
        self._retrying = Retrying(
            retry=retry_if_exception_type(AskAgain),
            stop=self.retry.is_enough,
            wait=self.retry.wait_before,
            sleep=self._sleep,
            before_sleep=self._before_wait,
            retry_error_callback=give_up,
        )

    @classmethod
    def of(cls, login: Login) -> Self:
        """The client for a login as it is set, such as `settings.read(settings.Login)`."""
        return cls(
            str(login.root),
            login.email,
            login.api_token.get_secret_value(),
            requests_per_minute=login.requests_per_minute,
            concurrency=login.concurrency,
            answer_seconds=login.answer_seconds,
            answer_megabytes=login.answer_megabytes,
        )

    def __repr__(self) -> str:
        return f"ReamazeClient({self.api_url!r}, concurrency={self.concurrency})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends all waits (they raise `ClientClosed`) and drops the connections."""
        self._gate.close()
        self._session.close()

    @property
    def traffic(self) -> Traffic:
        """The counts so far, over all threads."""
        return self._traffic

    def page(
        self,
        of: MessageList | Audience = "all",
        number: int = 1,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        as_it_comes: bool = False,
    ) -> Page:
        """One page of a list, newest first; `number` is 1-based. An audience stands for the brand's messages.

        `start` and `end` (aware) are sent as `start_date` and `end_date`: an API that does not know them
        ignores them in silence, so the caller checks the rows. `as_it_comes` takes a page that breaks promises and has
        them noted. Raises the `ReamazeError` that tells why not.
        """
        wanted = MessageList.named(of)
        return self._retrying(self._ask, wanted, number, wanted.query(number, start, end), as_it_comes)

    def answer(
        self,
        of: MessageList | Audience = "all",
        number: int = 1,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Answer:
        """What one request brings, whatever it is and without another try: for who judges answers.

        Raises the `ReamazeError` that tells why there is no answer at all.
        """
        wanted = MessageList.named(of)
        try:
            return self._once(wanted, wanted.query(number, start, end))
        except AskAgain as again:
            raise again.error from None

    def refusal(self, answer: Answer) -> ReamazeError:
        """What a status other than 200 stands for."""
        error = failure(answer, self._host, self._without_secrets)
        return error.error if isinstance(error, AskAgain) else error

    def _ask(self, wanted: MessageList, number: int, query: Mapping[str, str | int], as_it_comes: bool) -> Page:
        answer = self._once(wanted, query)
        if answer.status != 200:
            if answer.status == 404 and wanted.conversation is not None:
                raise ListNotFound(
                    f"{self._host} knows no conversation with this slug (404); check its spelling, "
                    "and that it was not deleted"
                )
            raise failure(answer, self._host, self._without_secrets)
        try:
            return read_page(
                answer.body, audience=wanted.audience, number=number, fetched_at=clock.now(), as_it_comes=as_it_comes
            )
        except UnexpectedAnswer as error:
            safe = UnexpectedAnswer(self._without_secrets(str(error)))
            if is_error_body(answer.body):
                raise safe from None
            raise AskAgain(safe, unreadable=True) from None

    def _once(self, wanted: MessageList, query: Mapping[str, str | int]) -> Answer:
        waited = self._gate.pass_through()
        with self._lock:
            self._traffic = replace(
                self._traffic,
                requests=self._traffic.requests + 1,
                waited_seconds=self._traffic.waited_seconds + waited,
            )
        request = self._request.copy()
        request.prepare_url(f"{self.api_url}{wanted.path}", query)
        began = time.monotonic()
        status, headers, body = self._send(request)
        dated = http_date(headers.get("Date", ""))
        if dated is not None:
            with self._lock:
                self.time_there = max(dated, self.time_there or dated)
        return Answer(status, headers, body, time.monotonic() - began)

    def _send(self, request: requests.PreparedRequest) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of one answer; of one that is no page, what its body begins with."""
        due = deadline.begin(self.answer_seconds)
        try:
            response = self._session.send(
                request,
                timeout=(self.retry.connect_timeout, self.retry.read_timeout),
                allow_redirects=False,
                stream=True,
            )
            most = int(self.answer_megabytes * 1_000_000)
            body = read_body(response, most) if response.status_code == 200 else read_beginning(response)
        except TooLarge:
            raise UnexpectedAnswer(
                f"an answer from {self._host} is larger than {self.answer_megabytes:g} MB, which no page of messages "
                "should be; check the API root, or raise REAMAZE_ANSWER_MEGABYTES"
            ) from None
        except requests.exceptions.SSLError:
            raise ApiUnavailable(
                f"no secure connection to {self._host}: its certificate is not accepted; "
                "check the address and your CA bundle"
            ) from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            if time.monotonic() >= due:
                raise AskAgain(
                    ApiUnavailable(
                        f"an answer from {self._host} was not whole after {self.answer_seconds:g} s; "
                        "try again later, or raise REAMAZE_ANSWER_SECONDS"
                    ),
                    unreadable=True,
                ) from None
            # Only the kind of the error is told: its text holds the address and whatever a proxy answered.
            raise AskAgain(
                ApiUnavailable(
                    f"cannot get an answer from {self._host} ({type(error).__name__}); "
                    "check the network and the brand, then try again"
                )
            ) from None
        return response.status_code, response.headers, body

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            if secret:
                text = text.replace(secret, "…")
        return text

    def _sleep(self, seconds: float) -> None:
        self._gate.sleep(seconds)
        with self._lock:
            self._traffic = replace(self._traffic, waited_seconds=self._traffic.waited_seconds + seconds)

    def _before_wait(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, AskAgain) and error.limited and state.next_action is not None:
            self._gate.hold(state.next_action.sleep)
        with self._lock:
            self._traffic = replace(self._traffic, retries=self._traffic.retries + 1)
        if self.on_retry is not None and isinstance(error, AskAgain) and state.next_action is not None:
            seconds, number = state.next_action.sleep, state.attempt_number + 1
            self.on_retry(f"{error.error}; asked again in {seconds:.1f} s (try {number} of {self.retry.attempts})")


def _session(api_url: str, concurrency: int, user_agent: str) -> requests.Session:
    session = requests.Session()
    adapter = deadline.DeadlineAdapter(pool_connections=1, pool_maxsize=concurrency, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    session.headers.update({"Accept": "application/json", "User-Agent": user_agent})
    # The environment gives proxies and CA bundles; never a login: .netrc must not override ours.
    session.trust_env = False
    session.proxies.update(get_environ_proxies(api_url))
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session
