"""What of people is stored: stand-ins that keep every count, bodies left out, somebody erased."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.api.privacy import Erasure, Redaction
from tests.stored_pages import DAY, message, page

KEY = b"k" * 32


def payload(*messages: object) -> str:
    return str(page(DAY, list(messages))["payload"])


def test_nothing_is_touched_unless_asked() -> None:
    text = '{"messages": [ {"body" : 1.50} ] }'
    assert Redaction().page(text) is text


def test_a_person_is_one_person_whatever_the_letter_case() -> None:
    people = Redaction(key=KEY)
    other = message(1, user={"name": "HAL", "email": "Hal@Example.com ", "staff?": True, "mobile": 555})
    first, second = json.loads(people.page(payload(message(0), other)))["messages"]
    assert first["user"]["email"] == second["user"]["email"] == people.email("HAL@example.com")
    assert first["user"]["name"] == second["user"]["name"]
    assert first["user"]["staff?"] is True
    assert first["conversation"] == message(0)["conversation"]
    assert "hal" not in people.page(payload(message(0), other)).lower().replace("shall", "")
    assert "555" not in json.dumps(second["user"])
    assert people.email("hal@example.com") != Redaction(key=b"other").email("hal@example.com")


@given(st.lists(st.emails(), min_size=1, max_size=8))
def test_as_many_people_as_before(emails: list[str]) -> None:
    sent = [message(n, user={"name": None, "email": email}) for n, email in enumerate(emails)]
    hidden = json.loads(Redaction(key=KEY).page(payload(*sent)))["messages"]
    assert len({row["user"]["email"] for row in hidden}) == len({email.strip().lower() for email in emails})


def test_blank_and_absent_stay_so() -> None:
    odd = [
        message(0, user=None),
        message(1, user={"email": " ", "name": ""}),
        "no message",
        message(2, recipients=None),
    ]
    hidden = json.loads(Redaction(drop_bodies=True, key=KEY).page(payload(*odd)))["messages"]
    assert hidden[0]["user"] is None
    assert hidden[1]["user"] == {"email": " ", "name": ""}
    assert hidden[2] == "no message"
    assert [row["body"] for row in hidden if isinstance(row, dict)] == [None, None, None]


def test_somebody_is_erased_and_mentions_are_blotted_out() -> None:
    dave = {"name": "Dave Bowman", "email": "Dave@example.com", "staff?": False}
    sent = payload(
        message(0, user=dave, body="open the doors", attachments=[{"url": "x"}]),
        message(1, body="Sorry, dave bowman; I wrote to DAVE@EXAMPLE.COM", recipients=[dave]),
    )
    erasure = Erasure("dave@example.com")
    erasure = Erasure(erasure.email, erasure.names_in(sent))
    mine, theirs = json.loads(erasure.page(sent))["messages"]
    assert mine["user"] == {"name": None, "email": None, "staff?": False}
    assert (mine["body"], mine["attachments"], mine["conversation"]["subject"]) == (None, [], None)
    assert theirs["body"] == "Sorry, [erased]; I wrote to [erased]"
    assert theirs["recipients"] == [{"name": None, "email": None, "staff?": False}]
    assert not erasure.mentions().search(erasure.page(sent))
