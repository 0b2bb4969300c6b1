"""Everything that can go wrong between us and Re:amaze, as one tree.

Each error's text is one line that says what happened and what to do about it. It never holds the login, the
token or anything a customer wrote. What does not belong here: deciding what is retried (the client does).
"""

from __future__ import annotations


class ReamazeError(Exception):
    """The root: catch this to catch all that the `api` package raises on purpose."""


class LoginRefused(ReamazeError):
    """401 or 403: the login email, the API token or its role is not accepted. Never retried."""


class BrandNotFound(ReamazeError):
    """404: there is no such brand, or the API root is wrong. Never retried."""


class RequestRefused(ReamazeError):
    """Any other 4xx, or a redirect: asking again would change nothing. Never retried."""


class ApiUnavailable(ReamazeError):
    """No usable answer after bounded patience: connection errors, timeouts, 429, 5xx."""


class UnexpectedAnswer(ReamazeError):
    """The API answered, but not as promised: not JSON, an error body with status 200, a broken envelope."""


class WindowNotProven(ReamazeError):
    """After bounded effort it could not be shown that a window is complete. Nothing of it may be stored."""


class ClientClosed(ReamazeError):
    """A request was asked of a client that is closed, or was waiting when it was closed."""
