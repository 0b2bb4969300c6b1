"""People in a deployment over the embedded API: under stand-ins, without words, erased; every count stays."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.deployment import Deployment
from reamaze_pipeline.runs.backfill import backfill
from reamaze_pipeline.sandbox import Sandbox
from reamaze_pipeline.warehouse.connection import reading
from tests.conftest import FIRST, Deploy

SECOND = FIRST + dt.timedelta(1)
COUNTS = """
    select day, origin, message_count, staff_message_count, customer_message_count from metrics.messages_per_origin
    union all select day, null, response_count, conversation_count, internal_note_count
        from metrics.staff_response_counts
    union all select day, null, turn_count, median_seconds::bigint, p90_seconds::bigint
        from metrics.response_times_daily
    order by all
"""


def rows(deployment: Deployment, sql: str) -> list[tuple[object, ...]]:
    with reading(deployment.database) as connection:
        return connection.execute(sql).fetchall()


def people(deployment: Deployment) -> set[str]:
    found = rows(deployment, "select distinct lower(sender_email) from core.messages where sender_email is not null")
    return {str(email) for (email,) in found}


def found(emails: set[str], deployment: Deployment) -> set[str]:
    """Which of the emails are anywhere, in whatever letters: each is looked for in few long texts, which is quick."""
    wanted = {email.lower().encode("latin-1") for email in emails}
    return {
        email.decode("latin-1") for text in map(bytes.lower, all_text(deployment)) for email in wanted if email in text
    }


def all_text(deployment: Deployment) -> Iterator[bytes]:
    """Every value of every table, and every file around them."""
    with reading(deployment.database) as connection:
        tables = (
            "select table_schema, table_name from information_schema.tables where table_catalog = current_database()"
        )
        for schema, table in connection.execute(tables).fetchall():
            rows = connection.execute(f'from "{schema}"."{table}"').fetchall()
            yield "\n".join(map(str, rows)).encode("latin-1", "replace")
    for path in Path(str(deployment.database)).parent.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def test_stand_ins_change_no_count(sandbox: Sandbox, stored: Deployment, deploy: Deploy) -> None:
    with reading(stored.database) as connection:
        wanted = [row for row in connection.execute(COUNTS).fetchall() if row[0] in {FIRST, SECOND}]
        known = people(stored) - {"support@acme.example"}  # the brand's own, which the category names
    private = deploy(sandbox, name="private", REAMAZE_PEOPLE="pseudonymize", REAMAZE_BODIES="drop")
    backfill(private, FIRST, SECOND)
    assert [row for row in rows(private, COUNTS) if row[0] in {FIRST, SECOND}] == wanted
    assert rows(private, "select count(*), count(body) from core.messages")[0][1] == 0
    assert {email.rpartition("@")[2] for email in people(private)} == {"people.invalid"}
    key = private.database.parent / "people.key"  # type: ignore[union-attr]
    assert key.stat().st_mode & 0o777 == 0o600
    assert found(known, private) == set()
    assert found(known, stored) == known, "where they are kept, they are found"
    assert deploy(sandbox, name="private", REAMAZE_PEOPLE="pseudonymize").redaction.key == private.redaction.key


def test_days_stored_with_other_privacy_are_stale_and_a_backfill_mends_them(
    sandbox: Sandbox, stored: Deployment, deploy: Deploy
) -> None:
    days = [FIRST, SECOND]
    assert stored.state(days).of_kind("stale") == []
    private = deploy(sandbox, name="stored", REAMAZE_BODIES="drop")
    assert private.state(days).of_kind("stale") == days
    (reason, *_) = private.state(days).reasons
    assert reason == "raw.message_pages was stored with bodies and people as they came, not with bodies dropped"
    backfill(private, FIRST, SECOND, select='key:"raw/message_pages" or key:"core/messages"')
    kept = "select day, count(body) from core.messages where day <= ? group by day order by day"
    with reading(private.database) as connection:
        assert connection.execute(kept, [SECOND]).fetchall() == [(day, 0) for day in days]
    assert not any("bodies" in reason for reason in private.state(days).reasons)
    again = deploy(sandbox, name="stored", REAMAZE_BODIES="keep")
    assert again.state(days).of_kind("stale") == days
    hidden = deploy(sandbox, name="stored", REAMAZE_BODIES="drop", REAMAZE_PEOPLE="pseudonymize")
    assert "people under stand-ins" in "".join(hidden.state(days).reasons)


def test_somebody_is_forgotten_everywhere(
    sandbox: Sandbox, stored: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = stored.database.parent / "copy.duckdb"  # type: ignore[union-attr]
    monkeypatch.setenv("REAMAZE_SNAPSHOT", str(snapshot))
    customers = "select lower(sender_email) from core.messages where not is_staff and sender_email is not null"
    ((email,),) = rows(stored, f"{customers} group by all order by count(*) desc limit 1")
    total = rows(stored, "select count(*) from core.messages")
    others = people(stored) - {email}
    sandbox.reset_requests()
    assert run(["forget", str(email).upper(), "--json"]) == 0
    said = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert said["pages"] > 0
    assert said["files_searched"] > 2
    assert not sandbox.requests
    assert rows(stored, "select count(*) from core.messages") == total
    assert people(stored) == others
    assert found({str(email)}, stored) == set()
    with duckdb.connect(str(snapshot), read_only=True) as copy:
        assert copy.execute("select count(*) from core.messages").fetchall() == total
    assert run(["forget", "nobody@example.com"]) == 0
    assert run(["forget", "no email"]) == 2
