"""REAMAZE_UNPROVEN from end to end: refused and named, or kept and marked wherever one looks, until it is proven."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.definitions import graph
from reamaze_pipeline.defs.naming import ALONE
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.state.promises import broken_promises
from reamaze_pipeline.warehouse.connection import reading
from tests.bent_brands import Bent, Document, Query, messages, serving
from tests.conftest import deployment_at

Captured = pytest.CaptureFixture[str]
RANGE = ["--from", "2026-03-10", "--to", "2026-03-11"]
ENOUGH = ["--select", "key:raw/message_pages or key:core/messages"]
"""Their checks with them; what hangs on them besides is built from days of either kind alike."""


def _hiding(document: Document, _: Query) -> Document:
    return {**document, "messages": [each for each in document["messages"] if not each["body"].endswith("7")]}


def said(captured: Captured) -> dict[str, object]:
    found: dict[str, object] = json.loads(captured.readouterr().out.splitlines()[-1])
    return found


def test_a_brand_that_breaks_a_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    bent = Bent(envelope=_hiding)
    with serving(bent) as root:
        deployment = deployment_at(root, tmp_path, monkeypatch, start="2026-03-10", REAMAZE_UNPROVEN="keep")
        assert run(["backfill", *RANGE, *ENOUGH, "--json"]) == 0
        out, err = capsys.readouterr()
        told = json.loads(out.splitlines()[-1])
        assert list(told["unproven"]) == ["2026-03-10", "2026-03-11"]
        assert "UNPROVEN" in err
        assert "rows are promised" in told["unproven"]["2026-03-11"]
        with reading(deployment.database) as connection:
            ((count,),) = connection.execute("SELECT count(*) FROM core.messages").fetchall()
        assert count == sum(not each["body"].endswith("7") for each in messages())

        assert run(["status", "--json"]) == 1
        status = said(capsys)
        assert {"2026-03-10", "2026-03-11"} <= set(status["unproven_days"])  # type: ignore[call-overload]
        assert any("shown to be whole" in each for each in status["failed_checks"])  # type: ignore[attr-defined]
        assert any("rows are promised" in each for each in status["reasons"])  # type: ignore[attr-defined]
        assert any("shown to be whole" in each for each in broken_promises(deployment.database)), "as the report asks"

        assert run(["audit", *RANGE]) == 1
        assert "Stored and UNPROVEN: 2 of these days, such as 2026-03-10" in "".join(capsys.readouterr())

        audited = graph(deployment, ALONE).resolve_job_def("weekly_audit")
        with open_instance(deployment.database) as instance:
            (check,) = audited.execute_in_process(instance=instance).get_asset_check_evaluations()
        assert not check.passed
        assert "rows are promised" in (check.description or "")

        bent.envelope = lambda document, _: document
        monkeypatch.setenv("REAMAZE_UNPROVEN", "refuse")
        assert run(["backfill", *RANGE, *ENOUGH, "--json"]) == 0
        told = said(capsys)
        assert (told["fetched_days"], told["unproven"]) == (2, {})
        with reading(deployment.database) as connection:
            ((count,),) = connection.execute("SELECT count(*) FROM core.messages").fetchall()
        assert count == len(messages())
        run(["status", "--json"])
        status = said(capsys)
        assert status["unproven_days"] == []
        assert not any("shown to be whole" in each for each in status["failed_checks"])  # type: ignore[attr-defined]


def test_a_setting_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.chdir(tmp_path)
    with serving(Bent()) as root:
        deployment_at(root, tmp_path, monkeypatch)
        monkeypatch.setenv("REAMAZE_UNPROVEN", "maybe")
        assert run(["backfill", *RANGE]) == 2
    assert "REAMAZE_UNPROVEN" in capsys.readouterr().err
