"""What came back of one request, what it means if it is no page, and whether asking again may help.

What does not belong here: asking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reamaze_pipeline.api.page import explanation
from reamaze_pipeline.api.retry import AskAgain, retry_after
from reamaze_pipeline.errors import (
    ApiUnavailable,
    BrandNotFound,
    LoginRefused,
    ReamazeError,
    RequestRefused,
)

_PASSING = frozenset({408, 425, 500, 502, 503, 504, *range(520, 525)})
"""What a second try may overcome; 408 and 425 are said of the moment, 520 to 524 by the CDN in front of a server."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it came, after `seconds`; of a status other than 200, what its body begins with."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    seconds: float = 0.0

    @property
    def wait(self) -> float | None:
        """Seconds that it asks to be left alone, None where it does not."""
        return retry_after(self.headers.get("Retry-After"))


def failure(answer: Answer, host: str, safe: Callable[[str], str]) -> ReamazeError | AskAgain:
    """The error that a status other than 200 stands for; `AskAgain` where another try may help.

    `safe` takes the login out of the API's own words.
    """
    status, asked = answer.status, answer.wait
    if status in {401, 403}:
        return LoginRefused(
            f"Re:amaze refused the login ({status}); check REAMAZE_EMAIL and REAMAZE_API_TOKEN, "
            "and that this user may read messages"
        )
    if status == 404:
        return BrandNotFound(f"nothing is served at {host} (404); check REAMAZE_BRAND or REAMAZE_API_URL")
    if status == 429:
        return AskAgain(
            ApiUnavailable(
                "Re:amaze still answers 429 (too many requests) after waiting; "
                "lower REAMAZE_REQUESTS_PER_MINUTE or try again later"
            ),
            asked=asked,
            limited=True,
        )
    if status in _PASSING or status >= 500:
        what = "is not available" if status in _PASSING else "cannot serve this request"
        error = ApiUnavailable(f"Re:amaze {what} (status {status}); try again later")
        return AskAgain(error, asked=asked) if status in _PASSING else error
    if 300 <= status < 400:
        return RequestRefused(
            f"{host} redirects elsewhere ({status}), which is not followed with a login; "
            "set REAMAZE_API_URL to the address that answers itself"
        )
    try:
        said = explanation(json.loads(answer.body))
    except (ValueError, RecursionError):
        said = "no explanation given"
    return RequestRefused(f"Re:amaze refused the request ({status}): {safe(said)}")


def is_error_body(body: bytes) -> bool:
    """Whether the body says what went wrong, as Re:amaze does even with status 200."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "messages" not in document and bool({"error", "errors"} & set(document))
