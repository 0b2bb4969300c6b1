"""People in a page: left out, under a stand-in, or erased, in the JSON text of an answer.

A person is a JSON object with an `email` (the sender, a recipient, whoever else the API names); the `category` has one
too, and is none. Counts do not change: every message stays a row, every person one person. What is stored, and when,
does not belong here.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

NOT_A_PERSON = frozenset({"category"})
ERASED = "[erased]"
# A line break before it is written "\\n" in JSON, which is no letter of the address.
_BEFORE, _AFTER = r"(?:(?<![\w.+-])|(?<=\\[nrt]))", r"(?![\w-]|\.\w)"
_DOMAIN = "people.invalid"
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Person = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is stored of a page. Without ``key`` people stay who they are; with it each has a stand-in of its own.

    The same key gives the same stand-ins, whatever the letter case of an email. Without the key nobody can tell which
    email a stand-in stands for, nor try those they know.
    """

    drop_bodies: bool = False
    key: bytes | None = None

    def page(self, payload: str) -> str:
        """The answer's text as it may be stored; as it was if everything may."""
        if not self.drop_bodies and self.key is None:
            return payload
        content = json.loads(payload)
        for message in _messages(content):
            if self.drop_bodies and "body" in message:
                message["body"] = None
            if self.key is not None:
                _each_person(message, self._hide)
        return _write(content)

    @property
    def told(self) -> str:
        """What is kept and what is not, in a few words without the key; empty if everything is stored as it came."""
        bodies = ["bodies dropped"] if self.drop_bodies else []
        people = [f"people under stand-ins of {self._digest('key', '')}"] if self.key is not None else []
        return ", ".join([*bodies, *people])

    def email(self, email: str) -> str:
        """What an email is stored as."""
        if self.key is None or not email.strip():
            return email
        return f"{self._digest('email', email.strip().lower())}@{_DOMAIN}"

    def _hide(self, person: Person) -> None:
        for name, value in person.items():
            if name == "email" and isinstance(value, str):
                person[name] = self.email(value)
            elif isinstance(value, str) and value.strip():
                person[name] = f"{name.capitalize()} {self._digest(name, value)}"
            elif isinstance(value, int | float) and not isinstance(value, bool):
                person[name] = f"{name.capitalize()} {self._digest(name, str(value))}"

    def _digest(self, kind: str, value: str) -> str:
        return hmac.digest(self.key or b"", f"{kind}:{value}".encode(), "sha256").hex()[:16]


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody who is to be forgotten: the email, and the names that were seen beside it."""

    email: str
    names: frozenset[str] = frozenset()

    def names_in(self, payload: str) -> frozenset[str]:
        """The names that go with the email in this answer; those of one word name too many others."""
        found: set[str] = set()

        def look(person: Person) -> None:
            if self._is(person):
                found.update(str(value) for name, value in person.items() if name != "email" and isinstance(value, str))

        for message in _messages(json.loads(payload)):
            _each_person(message, look)
        return frozenset(name for name in found if len(name.split()) > 1 or any(letter.isdigit() for letter in name))

    def shared_in(self, payload: str) -> frozenset[str]:
        """Those of the names that stand beside another email here: somebody else is called so too."""
        found: set[str] = set()

        def look(person: Person) -> None:
            if not self._is(person):
                found.update(value for value in person.values() if isinstance(value, str) and value in self.names)

        for message in _messages(json.loads(payload)):
            _each_person(message, look)
        return frozenset(found)

    def page(self, payload: str) -> str:
        """The answer without them: their fields and words are null, mentions in what others wrote are blotted out."""
        content = json.loads(payload)
        for message in _messages(content):
            if self._is(message.get("user")):
                message["body"] = None
                message["attachments"] = []
                if isinstance(message.get("conversation"), dict):
                    message["conversation"]["subject"] = None
            _each_person(message, self._forget)
        return _write(self._blotted(content))

    @property
    def texts(self) -> list[str]:
        """The email and the names, longest first."""
        return sorted({self.email, *self.names}, key=len, reverse=True)

    def mentions(self) -> re.Pattern[str]:
        """The email and the names as they may stand in any text, JSON included; not as a part of another email."""
        return re.compile("|".join(_BEFORE + re.escape(text) + _AFTER for text in self.texts), re.IGNORECASE)

    def _is(self, person: object) -> bool:
        email = person.get("email") if isinstance(person, dict) else None
        return isinstance(email, str) and email.strip().lower() == self.email.lower()

    def _forget(self, person: Person) -> None:
        if self._is(person):
            for name, value in person.items():
                if not isinstance(value, bool):
                    person[name] = None

    def _blotted(self, value: Any) -> Any:
        mentions = self.mentions()

        def blot(value: Any) -> Any:
            if isinstance(value, str):
                return mentions.sub(ERASED, value)
            if isinstance(value, list):
                return [blot(each) for each in value]
            if isinstance(value, dict):
                return {key: blot(each) for key, each in value.items()}
            return value

        return blot(value)


def _messages(content: Any) -> list[dict[str, Any]]:
    rows = content.get("messages") if isinstance(content, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _each_person(value: Any, act: Callable[[Person], None]) -> None:
    """Whoever stands anywhere below a value."""
    if isinstance(value, list):
        for each in value:
            _each_person(each, act)
    elif isinstance(value, dict):
        if "email" in value:
            act(value)
        for name, each in value.items():
            if name not in NOT_A_PERSON:
                _each_person(each, act)
