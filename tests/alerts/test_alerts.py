"""Alerts against receivers on loopback: one message an incident, on failure, on recovery, and when nothing came."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from reamaze_pipeline.alerts.channels import to_mail, to_webhook
from reamaze_pipeline.alerts.incident import EndedRun, Memory, Message, Standing, next_message
from reamaze_pipeline.alerts.watch import look
from reamaze_pipeline.alerts.weekly import send_report
from reamaze_pipeline.errors import AlertNotSent
from reamaze_pipeline.settings import Alerts
from tests.alerts.receivers import mail_server, webhook

NOW = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAYS = (dt.date(2026, 3, 1),)


def whole(days_before: int = 0, *wrong: dt.date) -> Standing:
    """The last good night ended so many days before `NOW`'s midnight; some days are wrong."""
    until = NOW.replace(hour=0) - dt.timedelta(days_before)
    return Standing(frozenset(wrong), commands(wrong), until)


def commands(days: Sequence[dt.date]) -> tuple[str, ...]:
    return tuple(f"reamaze-pipeline backfill --from {day} --to {day}" for day in days)


def test_one_message_an_incident() -> None:
    failed = EndedRun("r1", False, NOW, DAYS, ("core__messages",))
    again = EndedRun("r2", False, NOW + HOUR, DAYS)
    good = EndedRun("r3", True, NOW + 2 * HOUR, DAYS)
    memory = Memory(NOW)
    first, memory = next_message(memory, [failed], whole(1, *DAYS), NOW, 26)
    assert first is not None
    assert "2026-03-01 failed" in first.subject
    assert "core__messages" in first.text
    assert "Missing or stale now: 2026-03-01." in first.text
    assert "To mend it: reamaze-pipeline backfill --from 2026-03-01 --to 2026-03-01" in first.text
    for runs in ([failed], [failed, again]):
        nothing, memory = next_message(memory, runs, whole(1, *DAYS), NOW + HOUR, 26)
        assert nothing is None
    over, memory = next_message(memory, [failed, again, good], whole(), NOW + 2 * HOUR, 26)
    assert over is not None
    assert "good again" in over.subject
    assert next_message(memory, [good], whole(), NOW + 3 * HOUR, 26) == (None, memory)
    late, memory = next_message(memory, [good], whole(), NOW + 29 * HOUR, 26)
    assert late is not None
    assert "no good night for 26 hours" in late.subject
    assert next_message(memory, [good], whole(), NOW + 40 * HOUR, 26)[0] is None
    over, _ = next_message(memory, [good], whole(-2), NOW + 50 * HOUR, 26)
    assert over is not None
    assert "good again" in over.subject


def test_a_good_night_over_other_days_is_no_recovery() -> None:
    """A run that catches up fails, the night's own run right after it is good: the hole is told, and stays told."""
    old = (dt.date(2026, 1, 3), dt.date(2026, 1, 4))
    catching_up = EndedRun("r1", False, NOW, old)
    night = EndedRun("r2", True, NOW + HOUR / 60, DAYS)
    first, memory = next_message(Memory(NOW - HOUR), [catching_up, night], whole(0, *old), NOW + HOUR / 30, 26)
    assert first is not None
    assert "2026-01-03 to 2026-01-04 failed" in first.subject
    assert "2 days, 2026-01-03 to 2026-01-04" in first.text
    nothing, memory = next_message(memory, [catching_up, night], whole(0, *old), NOW + HOUR, 26)
    assert nothing is None
    mended = EndedRun("r3", True, NOW + 24 * HOUR, old)
    over, _ = next_message(memory, [catching_up, night, mended], whole(-1), NOW + 24 * HOUR, 26)
    assert over is not None
    assert "2026-01-03 to 2026-01-04 are whole" in over.text


def test_what_mended_itself_before_anybody_looked_is_not_told() -> None:
    failed, good = EndedRun("r1", False, NOW, DAYS), EndedRun("r2", True, NOW + HOUR, DAYS)
    message, memory = next_message(Memory(NOW), [failed, good], whole(), NOW + 2 * HOUR, 26)
    assert message is None
    assert memory.judged == good.ended


def test_an_old_backfill_does_not_hide_that_no_night_comes() -> None:
    backfill = EndedRun("r1", True, NOW + 26 * HOUR, (dt.date(2026, 1, 1),))
    message, _ = next_message(Memory(NOW - 48 * HOUR), [backfill], whole(0), NOW + 27 * HOUR, 26)
    assert message is not None
    assert "the last good one ended 2026-03-02 00:00 UTC" in message.text


def test_a_state_that_cannot_be_read_keeps_nobody_uninformed() -> None:
    failed = EndedRun("r1", False, NOW, DAYS)
    message, memory = next_message(Memory(NOW), [failed], None, NOW, 26)
    assert message is not None
    assert "backfill --from 2026-03-01 --to 2026-03-01" in message.text
    good = EndedRun("r2", True, NOW + HOUR, DAYS)
    assert next_message(memory, [failed, good], None, NOW + HOUR, 26)[0] is None


def test_nothing_ever_ran() -> None:
    memory = Memory(NOW)
    assert next_message(memory, [], Standing(), NOW + 25 * HOUR, 26)[0] is None
    message, _ = next_message(memory, [], Standing(), NOW + 27 * HOUR, 26)
    assert message is not None
    assert "there was none yet" in message.text


def test_hours_count_from_the_end_of_the_last_good_night_and_without_one_from_the_start() -> None:
    ended = NOW - 20 * HOUR
    for memory, good, late_at in (
        (Memory(NOW - 100 * HOUR), ended, ended),
        (Memory(NOW), ended, ended),  # alerts were switched on after it
        (Memory(NOW), None, NOW),
    ):
        stands = Standing(last_good=good)
        assert next_message(memory, [], stands, late_at + 26 * HOUR, 26)[0] is None
        message, _ = next_message(memory, [], stands, late_at + 26 * HOUR + HOUR / 60, 26)
        assert message is not None
        assert "no good night for 26 hours" in message.subject


@pytest.mark.parametrize("opened", [True, False])
def test_a_clock_that_was_set_back_hides_no_failure_and_no_recovery(tmp_path: Path, opened: bool) -> None:
    """What was remembered while the clock was a year ahead is not later than all that comes."""

    @dg.op
    def may_fail(context) -> None:  # type: ignore[no-untyped-def]
        if "fail" in context.run.tags:
            raise ValueError("no")

    @dg.job
    def nightly() -> None:
        may_fail()

    now = dt.datetime.now(dt.UTC)
    ahead = str(now + dt.timedelta(365))
    incident = {"kind": "failed", "days": [], "ended": ahead} if opened else None
    kept = {"began": ahead, "judged": ahead, "last_good": None, "open": incident, "unsent": {}}
    (tmp_path / "alerts.json").write_text(json.dumps(kept))
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance, webhook() as (url, got):
        tags = {} if opened else {"fail": "1"}
        settings = Alerts(alert_webhook=SecretStr(url))
        assert look(instance, tmp_path, settings, now) == []
        nightly.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
        assert look(instance, tmp_path, settings, dt.datetime.now(dt.UTC)) == []
    assert ["good again" if opened else "failed"] == [
        word for told in got for word in ("good again", "failed") if word in told["text"].splitlines()[0]
    ]


def test_the_report_is_mailed_once_a_week_when_the_week_is_whole(tmp_path: Path) -> None:
    report = tmp_path / "support_report.html"
    report.write_text("<html>a page</html>")
    monday = dt.datetime(2026, 3, 9, 6, 30, tzinfo=dt.UTC)
    os.utime(report, (monday.timestamp() - 21_600,) * 2)
    sunday = dt.date(2026, 3, 8)
    with mail_server() as (server, mails):
        settings = Alerts(report_email="lead@example.com", smtp_url=SecretStr(server))

        def send(newest_whole: dt.date | None, hours: float) -> str:
            return send_report(tmp_path, settings, report, "UTC", newest_whole, monday + hours * HOUR)

        assert "is sent from" in send(sunday, 0)
        assert "not stored yet" in send(sunday - dt.timedelta(1), 1)
        assert mails == []
        assert "was sent" in send(sunday, 2)
    (mail,) = mails
    assert "Subject: Support report, week of 2026-03-02 to 2026-03-08" in mail
    assert 'filename="support_report.html"' in mail
    assert "of this week was sent" in send(sunday, 3)
    assert "of this week was sent" in send(sunday + dt.timedelta(5), 24 * 6)


def test_mail_and_webhook_get_it_and_errors_keep_the_secret() -> None:
    message = Message("a subject", "a text\nof two lines")
    with webhook() as (url, got), mail_server() as (server, mails):
        to_webhook(url, message)
        to_mail(server, "lead@example.com, ops@example.com", message)
    assert got == [{"text": "*a subject*\na text\nof two lines"}]
    assert "Subject: a subject" in mails[0]
    assert "To: lead@example.com, ops@example.com" in mails[0]
    with webhook(302) as (url, _), pytest.raises(AlertNotSent, match="answered 302") as refused:
        to_webhook(url, message)
    with pytest.raises(AlertNotSent, match=r"127\.0\.0\.1") as unreachable:
        to_mail("smtp://me:secret-word@127.0.0.1:1", "a@example.com", message)
    assert "secret-word" not in f"{refused.value}{unreachable.value}"


def test_a_failed_run_is_told_once_and_again_where_nobody_listened(tmp_path: Path) -> None:
    @dg.op
    def core__messages() -> None:
        raise ValueError("a body that nobody may read")

    @dg.job
    def nightly() -> None:
        core__messages()

    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        nightly.execute_in_process(instance=instance, raise_on_error=False, tags={"of_another_kind": "true"})
        tags = {"dagster/partition": "2026-03-01"}
        nightly.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
        unheard = Alerts(alert_webhook=SecretStr("http://127.0.0.1:1/secret-word"))
        (problem,) = look(instance, tmp_path, unheard, dt.datetime.now(dt.UTC), but="of_another_kind")
        assert "secret-word" not in problem
        with webhook() as (url, got):
            for _ in range(3):
                assert look(instance, tmp_path, Alerts(alert_webhook=SecretStr(url)), dt.datetime.now(dt.UTC)) == []
    assert len(got) == 1
    assert "a run over 2026-03-01 failed" in got[0]["text"]
    assert "core__messages" in got[0]["text"]
    assert "body" not in got[0]["text"]
    assert (tmp_path / "alerts.json").stat().st_mode & 0o777 == 0o600
