"""A request's parameters, as its revision reads them: unknown ones ignored, malformed ones explained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reamaze_pipeline.sandbox.options import SandboxOptions, microseconds
from reamaze_pipeline.sandbox.views import View, ViewKey


@dataclass(frozen=True)
class Query:
    """What a valid request asks for. `start` and `end` are microseconds UTC."""

    key: ViewKey
    page: int = 1
    start: int | None = None
    end: int | None = None
    original_body: bool = False

    def cut(self, view: View, options: SandboxOptions) -> View:
        """The part of the view inside the dates asked for."""
        return view.between(
            self.start,
            self.end,
            start_inclusive=options.start_inclusive,
            end_inclusive=options.end_inclusive,
        )


@dataclass
class MalformedQueryError(ValueError):
    """Parameters that answer 422, each with its explanation."""

    errors: dict[str, list[str]] = field(default_factory=dict)


def read_query(params: Mapping[str, str], options: SandboxOptions, slug: str | None = None) -> Query:
    """The query of a request to `/messages`, or to a conversation's messages. Raises MalformedQueryError."""
    given = {name: value.strip() for name, value in params.items() if value.strip()}
    errors: dict[str, list[str]] = {}
    page = given.get("page", "1")
    if not re.fullmatch(r"[0-9]{1,15}", page, re.ASCII) or int(page) < 1:
        errors["page"] = ["must be a whole number from 1 on"]
    audience = given.get("filter", "all")
    if audience not in ("staff", "customer") and "filter" in given:
        errors["filter"] = ["must be staff or customer"]
    start = end = origin = None
    if options.dates_honoured:
        start, end = (_date(given, name, errors) for name in ("start_date", "end_date"))
        if "origin" in given:
            if re.fullmatch(r"-?[0-9]{1,4}", given["origin"], re.ASCII):
                origin = int(given["origin"])
            else:
                errors["origin"] = ["must be a whole number"]
    if errors:
        raise MalformedQueryError(errors)
    newer = given if options.dates_honoured else {}
    return Query(
        ViewKey(audience, slug, given.get("sent_by"), origin, newer.get("category"), newer.get("tag")),
        int(page),
        start,
        end,
        newer.get("include") == "original_body",
    )


def _date(given: Mapping[str, str], name: str, errors: dict[str, list[str]]) -> int | None:
    """A date (its midnight in UTC) or a date and time; without an offset it is UTC."""
    if name not in given:
        return None
    try:
        instant = datetime.fromisoformat(given[name])
    except ValueError:
        errors[name] = ["must be a date or time in ISO 8601, its plus sign encoded as %2B"]
        return None
    return microseconds(instant if instant.tzinfo else instant.replace(tzinfo=UTC))
