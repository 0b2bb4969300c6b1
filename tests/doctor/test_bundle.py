"""What a bundle tells, and what it never does: every value that a person or a brand owns is a canary here."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.doctor.shapes import form_of_time, shape_of_envelope, shape_of_rows, undocumented
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions
from tests.bent_brands import Bent, Document, Query, serving
from tests.conftest import Deploy, deployment_at, revisions
from tests.served_rows import row

Captured = pytest.CaptureFixture[str]

CANARY = "Canary-Zebedee"
LOWER = "canaryzebedee"


def _canaries() -> list[Document]:
    rows = []
    for number in range(70):
        at = f"2026-03-11T{number // 6:02}:{number % 6}5:00.000-07:00" if number % 7 else f"{CANARY} o'clock"
        each = row(f"{CANARY} says {number}", at, name=CANARY, email=f"{CANARY}@example.com", slug=f"{CANARY}-{number}")
        each["conversation"] |= {"subject": CANARY, "category": {"name": CANARY, "slug": CANARY, "email": CANARY}}
        each["recipients"] = [{"name": CANARY, "email": f"{CANARY}@example.com", f"{CANARY}@example.com": 1}]
        each["attachments"] = [
            {"file_file_name": CANARY, "url": f"https://{CANARY}", "thumb_url": CANARY, "size": CANARY}
        ]
        each["meta"] = {LOWER: {LOWER: CANARY}, "list": [{LOWER: LOWER}]}
        each["user"] |= {CANARY: True, f"{LOWER}@example.com": True, "mobile": CANARY}
        each |= {"origin_id": CANARY, f"about {LOWER}": CANARY, "visibility": CANARY, "origin": CANARY}
        rows.append(each)
    return rows


def _answer_text(query: Query) -> int:
    return 422 if "start_date" in query else 200


BENT: dict[str, Callable[[], Bent]] = {
    "as it is": lambda: Bent(rows=_canaries(), dates=False),
    "errors": lambda: Bent(rows=_canaries(), dates=False, status=_answer_text),
    "an error with status 200": lambda: Bent(
        rows=_canaries(), dates=False, envelope=lambda d, q: d if q["page"] == "1" else {"error": f"{CANARY} said no"}
    ),
    "a bent envelope": lambda: Bent(
        rows=_canaries(),
        dates=False,
        envelope=lambda d, _: {**d, "brand": CANARY, CANARY: 1, "next": {LOWER: CANARY}, "page_count": 1234},
    ),
    "no envelope": lambda: Bent(envelope=lambda d, _: {"total_count": CANARY, "page_size": CANARY, LOWER + " x": []}),
    "no object": lambda: Bent(envelope=lambda d, _: CANARY),
}


@pytest.mark.parametrize("name", BENT)
def test_no_value_is_in_a_bundle_nor_on_the_screen(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    bundle = tmp_path / "bundle.json"
    with serving(BENT[name]()) as root:
        login = {"REAMAZE_EMAIL": f"{CANARY}@login.example", "REAMAZE_API_TOKEN": f"{CANARY}-token"}
        deployment_at(root, tmp_path, monkeypatch, **login)
        run(["check", "--deep", "--bundle", str(bundle), "--json"])
        host = root.removeprefix("http://").partition("/")[0]
    out, err = capsys.readouterr()
    for text in (bundle.read_text(), out, err):
        assert "zebedee" not in text.lower()
        assert "o'clock" not in text
    assert host not in bundle.read_text()
    assert [finding["verdict"] for finding in json.loads(bundle.read_text())["findings"]]


def test_a_bundle_tells_keys_types_and_lengths_to_its_owner_alone(
    history: SandboxOptions, deploy: Deploy, tmp_path: Path, capsys: Captured
) -> None:
    bundle = tmp_path / "bundle.json"
    bundle.write_text("an older one, readable by all")
    bundle.chmod(0o644)
    with Sandbox(revisions(history)[2]) as brand:
        deployment = deploy(brand)
        before = sorted(path for path in tmp_path.rglob("*") if path != bundle)
        assert run(["check", "--deep", "--bundle", str(bundle), "--json"]) == 0
        words = {text for each in brand.truth() for text in _texts(each.message) if len(text) > 6}
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    assert sorted(path for path in tmp_path.rglob("*") if path != bundle) == before, "nothing else is written"
    assert not Path(str(deployment.database)).exists()
    told = json.loads(bundle.read_text())
    first = told["answers"][0]
    assert first["asked"] == {"list": "all messages", "page": 1, "start_date": False, "end_date": False}
    assert (first["status"], first["envelope"]["page_size"], first["envelope"]["total_count"]) == (200, 30, 700)
    assert first["envelope"]["messages"] == {"type": "list", "length": 30}
    shape = first["rows"]
    assert shape["created_at"]["written_like"] == ["'9999-99-99x99:99:99.999-99:99'"]
    assert {"shortest", "longest", "count"} == set(shape["body"]["text"])
    assert "conversation.category.slug" in shape
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["ok"], said["requests"]) == (True, told["requests"])
    leaked = {word for word in words if word in bundle.read_text()}
    assert leaked == set()


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for held in value.values() for text in _texts(held)]
    if isinstance(value, list):
        return [text for held in value for text in _texts(held)]
    return [value] if isinstance(value, str) else []


def test_a_broken_brand_ends_with_one_and_says_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    with serving(Bent(query=lambda query: {**query, "page": "1"})) as root:
        deployment_at(root, tmp_path, monkeypatch)
        assert run(["check", "--deep"]) == 1
    out = capsys.readouterr().out
    assert "Does not hold: " in out
    assert "order of pages" in out


def test_wrong_usage(sandbox: Sandbox, deploy: Deploy, capsys: Captured, tmp_path: Path) -> None:
    deploy(sandbox)
    assert run(["check", "--bundle", "x.json"]) == 2
    assert "--deep" in capsys.readouterr().err
    assert run(["check", "--deep", "--bundle", str(tmp_path / "nowhere" / "x.json")]) == 2
    assert "cannot write" in capsys.readouterr().err


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(st.lists(json_values, max_size=4), st.text(alphabet="qQ", min_size=4))
def test_shapes_take_anything_and_show_no_text(messages: list[Any], canary: str) -> None:
    marked = [*messages, {"body": canary, "created_at": canary, canary.upper(): 1, "meta": {canary: canary}}]
    shown = json.dumps([shape_of_rows(marked), shape_of_envelope({"messages": marked, "error": canary})])
    assert canary not in shown.replace(json.dumps(canary.lower()), "") or canary in str(messages)
    assert canary not in form_of_time(canary)
    for message in marked:
        list(undocumented(message))
