"""What an answer means that is no page, and whether asking again may help. What does not belong here: asking."""

from __future__ import annotations

import json
from collections.abc import Callable

import requests

from reamaze_pipeline.api.page import explanation
from reamaze_pipeline.api.retry import AskAgain, RetryPolicy
from reamaze_pipeline.errors import (
    ApiUnavailable,
    BrandNotFound,
    LoginRefused,
    ReamazeError,
    RequestRefused,
)

_RETRIED_5XX = frozenset({500, 502, 503, 504})


def failure(
    response: requests.Response, host: str, retry: RetryPolicy, safe: Callable[[str], str]
) -> ReamazeError | AskAgain:
    """The error that a status other than 200 stands for; `AskAgain` where another try may help.

    A 429 says in `held` how many seconds nobody should ask. `safe` takes the login out of the API's own words.
    """
    status = response.status_code
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
            held=retry.rate_limit_hold(response.headers.get("Retry-After")),
        )
    if status >= 500:
        passing = status in _RETRIED_5XX
        what = "is not available" if passing else "cannot serve this request"
        error = ApiUnavailable(f"Re:amaze {what} (status {status}); try again later")
        return AskAgain(error) if passing else error
    if 300 <= status < 400:
        return RequestRefused(
            f"{host} redirects elsewhere ({status}), which is not followed with a login; "
            "set REAMAZE_API_URL to the address that answers itself"
        )
    try:
        said = explanation(json.loads(response.content))
    except (ValueError, RecursionError):
        said = "no explanation given"
    return RequestRefused(f"Re:amaze refused the request ({status}): {safe(said)}")


def is_error_body(response: requests.Response) -> bool:
    """Whether the body says what went wrong, as Re:amaze does even with status 200."""
    try:
        document = json.loads(response.content)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "messages" not in document and bool({"error", "errors"} & set(document))
