"""One message as documented JSON, in the revision of the API that was chosen. Pages are `endpoints`'s."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from reamaze_pipeline.sandbox.brand import texts
from reamaze_pipeline.sandbox.brand.draw import Draw
from reamaze_pipeline.sandbox.brand.people import People, Person
from reamaze_pipeline.sandbox.brand.rows import NO_USER, Conversations, Quirk, Rows
from reamaze_pipeline.sandbox.options import SandboxOptions

Message = dict[str, Any]
EMAILED = (1, 16, 17)
"""Origins whose messages list recipients: Email, Staff Outbound, Contact Form."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(at: int, options: SandboxOptions) -> str:
    """Microseconds UTC as the API writes them: milliseconds, and the brand's offset at that instant."""
    local = (EPOCH + timedelta(microseconds=at)).astimezone(options.zone)
    return local.isoformat(timespec="milliseconds")


def served(made: Message, options: SandboxOptions, *, staff: bool) -> Message:
    """A hand-made message in this revision: `staff?` and `origin_id` added or left out, all else as given.

    `"_flag": False` in the message (never served) leaves its user without `staff?` even where users carry it.
    """
    message = {name: value for name, value in made.items() if not name.startswith("_")}
    if isinstance(message.get("created_at"), datetime):
        message["created_at"] = message["created_at"].astimezone(options.zone).isoformat(timespec="milliseconds")
    if not options.origin_id:
        message.pop("origin_id", None)
    if isinstance(message.get("user"), dict):
        user = {name: value for name, value in message["user"].items() if name != "staff?"}
        if options.staff_flag and made.get("_flag", True):
            user["staff?"] = staff
        message["user"] = user
    return message


def render(
    rows: Rows,
    conversations: Conversations,
    row: int,
    options: SandboxOptions,
    people: People,
    *,
    original_body: bool = False,
) -> Message:
    """A generated row, the same at every call."""
    quirk, staff = int(rows.quirk[row]), bool(rows.staff[row])
    origin, conversation = int(rows.origin[row]), int(rows.conversation[row])
    draw = Draw(options.seed, "message", int(rows.content[row]))
    customer = people.person(int(conversations.customer[conversation]))
    agent = people.person(int(conversations.agent[conversation]))
    body = _body(draw, quirk, staff=staff, note=int(rows.visibility[row]) == 1)
    message: Message = {"body": body, "visibility": int(rows.visibility[row]), "origin": origin}
    origin_id = draw.below(10**10)
    if options.origin_id:
        message["origin_id"] = (
            None if quirk == Quirk.NULL_ORIGIN_ID else origin_id if quirk == Quirk.NUMBER_ORIGIN_ID else str(origin_id)
        )
    message["created_at"] = stamp(int(rows.at[row]), options)
    user = int(rows.user[row])
    unflagged = draw.chance(25) and options.unflagged_users
    if quirk != Quirk.MISSING_USER:
        message["user"] = None if user == NO_USER else _user(people.person(user), staff, options, flagged=not unflagged)
    if quirk != Quirk.MISSING_RECIPIENTS:
        message["recipients"] = (
            None
            if quirk == Quirk.NULL_RECIPIENTS
            else _recipients(draw, customer if staff else agent, people)
            if origin in EMAILED
            else []
        )
    if quirk != Quirk.MISSING_ATTACHMENTS:
        message["attachments"] = None if quirk == Quirk.NULL_ATTACHMENTS else _attachments(draw)
    subject, slug = texts.subject_and_slug(options.seed, conversation)
    message["conversation"] = {
        "subject": subject,
        "slug": slug,
        "created_at": stamp(int(conversations.begun[conversation]), options),
    }
    if quirk != Quirk.MISSING_CATEGORY:
        message["conversation"]["category"] = _category(int(rows.category[row]), options)
    if options.extra_fields:
        message["direct_recipients"] = message.get("recipients")
        message["meta"] = {}
        message["conversation"]["followers"] = []
    if original_body:
        message["original_body"] = body
    return message


def _body(draw: Draw, quirk: int, *, staff: bool, note: bool) -> str | None:
    text = texts.body(draw, staff=staff, note=note)
    odd: dict[int, Callable[[], str | None]] = {
        Quirk.NULL_BODY: lambda: None,
        Quirk.EMPTY_BODY: lambda: "",
        Quirk.NUL_IN_BODY: lambda: f"{text[:9]}\x00{text[9:]}",
        Quirk.LONE_SURROGATE: lambda: f"{text} \ud83d",
        Quirk.RIGHT_TO_LEFT: lambda: draw.pick(texts.RIGHT_TO_LEFT),
        Quirk.EMOJI: lambda: f"{text} {draw.pick(texts.EMOJI)}",
        Quirk.HUGE_BODY: lambda: texts.huge_body(draw),
    }
    return odd[quirk]() if quirk in odd else text


def _user(person: Person, staff: bool, options: SandboxOptions, *, flagged: bool) -> Message:
    user: Message = {"name": person.name}
    if person.email_known:
        user["email"] = person.email
    if options.staff_flag and flagged:
        user["staff?"] = staff
    if options.extra_fields:
        user["mobile"] = person.mobile
    return user


def _recipients(draw: Draw, to: Person, people: People) -> list[Message]:
    recipients = [{"name": to.name, "email": to.email}]
    while draw.chance(120):
        copied = people.person(draw.below(8))
        recipients.append({"name": copied.name, "email": copied.email})
    return recipients


def _attachments(draw: Draw) -> list[Message]:
    attachments: list[Message] = []
    while len(attachments) < 3 and draw.chance(70):
        name, kind, image = draw.pick(
            (
                ("photo.jpg", "image/jpeg", True),
                ("invoice №7.pdf", "application/pdf", False),
                ("log.txt", "text/plain", False),
            )
        )
        url = f"https://files.example/{draw.below(16**10):010x}/{name.rpartition('.')[2]}"
        attachments.append(
            {
                "file_file_name": name,
                "file_content_type": kind,
                "file_file_size": 500 + draw.below(4_000_000),
                "thumb_url": f"{url}/thumb" if image else None,
                "url": url,
                "image?": image,
            }
        )
    return attachments


def _category(code: int, options: SandboxOptions) -> Message | None:
    if code < 0:
        return None
    name, slug, channel = texts.CATEGORIES[code]
    category: Message = {
        "name": name,
        "slug": slug,
        "email": f"{slug}@{options.brand}.example",
        "channel": channel,
    }
    if options.extra_fields:
        category["id"] = 1000 + code
    return category
