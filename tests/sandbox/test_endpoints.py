"""What a request gets: paths, login, `Accept`, brand, parameters, envelope."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

import reamaze_pipeline.sandbox

EXAMPLES = Path(reamaze_pipeline.sandbox.__file__).parent / "examples"


def test_a_page_has_the_documented_envelope_and_fields(lived_in: Any) -> None:
    response = lived_in.get()
    envelope = response.json()
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert list(envelope) == ["page_size", "page_count", "total_count", "messages"]
    assert (envelope["page_size"], envelope["page_count"], envelope["total_count"]) == (30, 100, 3000)
    documented = json.loads((EXAMPLES / "messages_current.json").read_text())["messages"][0]
    whole = next(
        row
        for row in lived_in.rows()
        if row.get("attachments") and row.get("recipients") and row["user"] and row["conversation"].get("category")
    )
    assert list(whole) == list(documented)
    assert list(whole["conversation"]) == list(documented["conversation"])
    assert list(whole["conversation"]["category"]) == list(documented["conversation"]["category"])
    assert list(whole["attachments"][0]) == list(documented["attachments"][0])
    assert list(whole["recipients"][0]) == list(documented["recipients"][0])
    assert list(whole["user"]) == ["name", "email", "staff?"]


@pytest.mark.parametrize("ending", ["", "/", ".json"])
def test_both_endpoints_answer_with_and_without_ending(lived_in: Any, ending: str) -> None:
    slug = lived_in.page()["messages"][0]["conversation"]["slug"]
    assert lived_in.page(f"/messages{ending}")["total_count"] == 3000
    of_one = lived_in.rows(f"/conversations/{slug}/messages{ending}")
    assert {row["conversation"]["slug"] for row in of_one} == {slug}
    assert of_one == [row for row in lived_in.rows() if row["conversation"]["slug"] == slug]


def test_an_odd_slug_is_found_encoded_and_bare(serve: Callable[..., Any]) -> None:
    row = {"created_at": "2026-03-01T00:00:00.000-07:00", "conversation": {"slug": "$a.b-c_d e+é"}}
    caller = serve([row])
    for slug in ("%24a.b-c_d%20e%2B%C3%A9", "$a.b-c_d%20e+%C3%A9"):
        assert caller.page(f"/conversations/{slug}/messages")["total_count"] == 1


@pytest.mark.parametrize("slug", ["no-such-thing", "where-is-my-order-zzzz", "-", "x-0"])
def test_an_unknown_slug_is_404(lived_in: Any, slug: str) -> None:
    response = lived_in.get(f"/conversations/{slug}/messages")
    assert (response.status_code, response.json()) == (404, {"error": "Conversation not found"})


def test_an_unknown_path_and_another_method_get_json(lived_in: Any) -> None:
    assert lived_in.get("/articles").status_code == 404
    assert "error" in lived_in.get("/articles").json()
    posted = lived_in.session.post(lived_in.sandbox.url + "/messages", timeout=10)
    assert (posted.status_code, list(posted.json())) == (405, ["error"])


@pytest.mark.parametrize(
    "auth",
    [None, ("lead@acme.example", "wrong"), ("else@acme.example", "sandbox-token"), ("lead@acme.example", "")],
)
def test_a_bad_login_is_401_in_json(lived_in: Any, auth: tuple[str, str] | None) -> None:
    with requests.Session() as session:
        session.trust_env = False
        response = session.get(lived_in.sandbox.url + "/messages", auth=auth, timeout=10)
    assert response.status_code == 401
    assert "error" in response.json()
    assert response.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", ["Basic !!!", "Basic", "Bearer abc", "Basic bm9jb2xvbg=="])
def test_a_malformed_login_is_401(lived_in: Any, header: str) -> None:
    headers = {"Authorization": header, "Accept": "application/json"}
    assert requests.get(lived_in.sandbox.url + "/messages", headers=headers, timeout=10).status_code == 401


def test_a_role_that_may_not_is_403_in_json(lived_in: Any) -> None:
    sandbox = lived_in.sandbox
    auth = (sandbox.options.restricted_email, sandbox.token)
    response = requests.get(sandbox.url + "/messages", auth=auth, timeout=10)
    assert (response.status_code, list(response.json())) == (403, ["error"])


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("text/html, application/json;q=0.9", 200),
        ("*/*", 200),
        ("text/html", 406),
        (None, 406),
    ],
)
def test_json_must_be_accepted(lived_in: Any, accept: str | None, status: int) -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.headers.pop("Accept")
        headers = {} if accept is None else {"Accept": accept}
        auth = lived_in.session.auth
        url = lived_in.sandbox.url + "/messages"
        response = session.get(url, auth=auth, headers=headers, timeout=10)
        assert response.status_code == status
        if status == 406:
            assert "Accept" in response.json()["error"]
            assert session.get(url + ".json", auth=auth, headers=headers, timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"), [("acme.reamaze.io", 200), ("other.reamaze.io", 404), ("localhost:1", 200)]
)
def test_another_brand_is_404(lived_in: Any, host: str, status: int) -> None:
    response = lived_in.session.get(lived_in.sandbox.url + "/messages", headers={"Host": host}, timeout=10)
    assert response.status_code == status
    if status == 404:
        assert response.json() == {"error": "Brand not found"}


@pytest.mark.parametrize(
    "params",
    [
        {"page": "0"},
        {"page": "-1"},
        {"page": "two"},
        {"page": "1.5"},
        {"page": "１"},
        {"filter": "agents"},
        {"start_date": "yesterday"},
        {"end_date": "2026-13-01"},
        {"start_date": "2026-03-01T00:00:00 01:00"},
        {"origin": "chat"},
    ],
)
def test_a_malformed_parameter_is_422_and_explained(lived_in: Any, params: dict[str, str]) -> None:
    response = lived_in.get(**params)
    assert response.status_code == 422
    errors = response.json()["errors"]
    assert list(errors) == list(params)
    assert all(isinstance(text, str) for texts in errors.values() for text in texts)


def test_all_malformed_parameters_are_explained_at_once(lived_in: Any) -> None:
    assert set(lived_in.get(page="x", filter="y", end_date="z").json()["errors"]) == {"page", "filter", "end_date"}


def test_unknown_and_blank_parameters_are_ignored(lived_in: Any) -> None:
    assert lived_in.page(per_page=5, page_size=5, since_id=3, filter="", page="") == lived_in.page()


def test_pages_hold_every_row_once_and_in_order(lived_in: Any) -> None:
    assert lived_in.rows() == [truth.message for truth in lived_in.sandbox.truth()]


@pytest.mark.parametrize("page", [101, 10**6, 10**14])
def test_beyond_the_end_is_an_empty_page(lived_in: Any, page: int) -> None:
    assert lived_in.page(page=page) == {
        "page_size": 30,
        "page_count": 100,
        "total_count": 3000,
        "messages": [],
    }


def test_an_empty_history_is_an_empty_page(serve: Callable[..., Any]) -> None:
    assert serve(messages=0).page() == {"page_size": 30, "page_count": 0, "total_count": 0, "messages": []}


def test_the_page_size_is_the_brands(serve: Callable[..., Any]) -> None:
    envelope = serve(messages=100, page_size=7).page(page=15)
    assert (envelope["page_size"], envelope["page_count"], len(envelope["messages"])) == (7, 15, 2)


@pytest.mark.parametrize("example", ["older", "current"])
def test_the_documented_examples_are_served_equal(serve: Callable[..., Any], example: str) -> None:
    documented = json.loads((EXAMPLES / f"messages_{example}.json").read_text())
    caller = serve(example=example)
    assert caller.get().content == json.dumps(documented, separators=(",", ":")).encode()
    assert caller.page(page=2) == documented | {"messages": []}


def test_text_travels_as_utf8_and_half_an_emoji_as_an_escape(serve: Callable[..., Any]) -> None:
    when = "2026-03-05T12:00:00.000-07:00"
    whole = serve([{"body": "é 🎉 \u202e", "created_at": when}]).get()
    assert "é 🎉 \u202e".encode() in whole.content
    half = serve([{"body": "\ud83d \x00", "created_at": when}]).get()
    assert rb"\ud83d \u0000" in half.content
    assert half.json()["messages"][0]["body"] == "\ud83d \x00"
