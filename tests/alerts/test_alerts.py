"""Alerts against receivers on loopback: one message an incident, on failure, on recovery, and when nothing came."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from reamaze_pipeline.alerts.channels import to_mail, to_webhook
from reamaze_pipeline.alerts.incident import EndedRun, Memory, Message, next_message
from reamaze_pipeline.alerts.watch import look
from reamaze_pipeline.errors import AlertNotSent
from reamaze_pipeline.settings import Alerts

NOW = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAYS = (dt.date(2026, 3, 1),)


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A receiver as Slack's, and what it got."""
    got: list[dict[str, str]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/services/secret-word", got
        server.shutdown()
        thread.join()


@contextmanager
def mail_server() -> Iterator[tuple[str, list[str]]]:
    """As much of SMTP as one mail needs, and the mails."""
    mails: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb", 0) as stream:
            stream.write(b"220 here\r\n")
            for line in iter(stream.readline, b""):
                if line.upper().startswith(b"DATA"):
                    stream.write(b"354 go on\r\n")
                    mails.append(b"".join(iter(stream.readline, b".\r\n")).decode())
                elif line.upper().startswith(b"QUIT"):
                    stream.write(b"221 bye\r\n")
                    return
                stream.write(b"250 fine\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"smtp://127.0.0.1:{listening.getsockname()[1]}", mails
    thread.join(30)
    listening.close()


def test_one_message_an_incident() -> None:
    failed = EndedRun("r1", False, NOW, DAYS, ("core__messages",))
    again = EndedRun("r2", False, NOW + HOUR, DAYS)
    good = EndedRun("r3", True, NOW + 2 * HOUR, DAYS)
    memory = Memory(NOW)
    first, memory = next_message(memory, failed, None, NOW, 26)
    assert first is not None
    assert "2026-03-01 failed" in first.subject
    assert "core__messages" in first.text
    assert "reamaze-pipeline backfill --from 2026-03-01 --to 2026-03-01" in first.text
    for run in (failed, again):
        nothing, memory = next_message(memory, run, None, NOW + HOUR, 26)
        assert nothing is None
    over, memory = next_message(memory, good, good.ended, NOW + 2 * HOUR, 26)
    assert over is not None
    assert "good again" in over.subject
    assert next_message(memory, good, good.ended, NOW + 3 * HOUR, 26) == (None, memory)
    late, memory = next_message(memory, good, good.ended, NOW + 29 * HOUR, 26)
    assert late is not None
    assert "no good night for 26 hours" in late.subject
    assert next_message(memory, good, good.ended, NOW + 40 * HOUR, 26)[0] is None
    fresh = EndedRun("r4", True, NOW + 50 * HOUR, DAYS)
    assert (
        next_message(memory, fresh, fresh.ended, NOW + 50 * HOUR, 26)[0]
        == next_message(Memory(NOW, "failed"), fresh, fresh.ended, NOW + 50 * HOUR, 26)[0]
    )


def test_nothing_ever_ran() -> None:
    memory = Memory(NOW)
    assert next_message(memory, None, None, NOW + 25 * HOUR, 26)[0] is None
    message, _ = next_message(memory, None, None, NOW + 27 * HOUR, 26)
    assert message is not None
    assert "there was none yet" in message.text


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
        tags = {"dagster/partition": "2026-03-01"}
        nightly.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
        unheard = Alerts(alert_webhook=SecretStr("http://127.0.0.1:1/secret-word"))
        (problem,) = look(instance, tmp_path, unheard, dt.datetime.now(dt.UTC))
        assert "secret-word" not in problem
        with webhook() as (url, got):
            for _ in range(3):
                assert look(instance, tmp_path, Alerts(alert_webhook=SecretStr(url)), dt.datetime.now(dt.UTC)) == []
    assert len(got) == 1
    assert "2026-03-01 failed" in got[0]["text"]
    assert "core__messages" in got[0]["text"]
    assert "body" not in got[0]["text"]
    assert (tmp_path / "alerts.json").stat().st_mode & 0o777 == 0o600
