"""Settings: each missing or malformed one is named in one line, and the token is never shown."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from reamaze_pipeline.api.client import ANSWER_MEGABYTES, ANSWER_SECONDS
from reamaze_pipeline.settings import (
    Address,
    Calendar,
    Login,
    SettingsError,
    Warehouse,
    load_environment,
    problems,
    read,
)
from reamaze_pipeline.settings.environment import _say_once

NAMES = [
    *("ALLOW_HTTP", "GROUP_READ", "LOCK_WAIT", "SNAPSHOT", "BODIES", "PEOPLE"),
    *("ALERT_WEBHOOK", "ALERT_EMAIL", "SMTP_URL", "ALERT_AFTER_HOURS", "KEEP_RUNS_DAYS"),
    *("BRAND", "API_URL", "EMAIL", "API_TOKEN", "START_DATE", "TIMEZONE", "DATABASE", "REQUESTS_PER_MINUTE"),
    *(
        "CONCURRENCY",
        "ANSWER_SECONDS",
        "ANSWER_MEGABYTES",
        "MODELS",
        "EXCLUDE_SENDERS",
        "EXCLUDE_ORIGINS",
        "BUSINESS_HOURS",
        "TARGETS",
    ),
]


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"REAMAZE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAMAZE_START_DATE", "2024-01-31")
    calendar, warehouse, address = read(Calendar), read(Warehouse), read(Address)
    assert (calendar.start_date, calendar.timezone) == (dt.date(2024, 1, 31), "UTC")
    assert (warehouse.database, warehouse.models) == (Path("data/reamaze.duckdb"), None)
    assert (address.concurrency, address.requests_per_minute, address.root) == (4, None, None)


def test_the_api_url_wins_over_the_brand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAMAZE_BRAND", "acme")
    assert read(Address).root == "https://acme.reamaze.io/api/v1"
    monkeypatch.setenv("REAMAZE_API_URL", "http://127.0.0.1:8080/api/v1/")
    assert read(Address).root == "http://127.0.0.1:8080/api/v1"


@pytest.mark.parametrize("root", ["http://127.0.0.1:1", "http://localhost/x", "http://[::1]:80", "http://127.8.9.1"])
def test_plain_http_stays_on_this_machine(monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    monkeypatch.setenv("REAMAZE_API_URL", root)
    assert read(Address).root == root
    monkeypatch.setenv("REAMAZE_API_URL", "http://helpdesk.internal/api/v1")
    monkeypatch.setenv("REAMAZE_ALLOW_HTTP", "1")
    assert read(Address).root == "http://helpdesk.internal/api/v1"


def test_everything_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as problem:
        read(Login)
    assert "\n" not in str(problem.value)
    assert "REAMAZE_EMAIL is not set" in str(problem.value)
    assert "REAMAZE_API_TOKEN is not set" in str(problem.value)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("START_DATE", "31.01.2024", "REAMAZE_START_DATE must be a day written YYYY-MM-DD"),
        ("START_DATE", "20240131", "YYYY-MM-DD"),
        ("START_DATE", "2999-01-01", "is in the future"),
        ("TIMEZONE", "Mars/Base", "REAMAZE_TIMEZONE is not an IANA time zone"),
        ("TIMEZONE", "europe/berln", "is not an IANA time zone such as Europe/Berlin"),
        ("TIMEZONE", "America/New York", "is not an IANA time zone such as America/New_York"),
        ("TIMEZONE", "../etc/passwd", "is not an IANA time zone"),
        ("BRAND", "acme.reamaze.io", "bare subdomain"),
        ("API_URL", "127.0.0.1:8080", "full URL"),
        ("API_URL", "http://127.0.0.1:99999/api/v1", "one from 1 to 65535"),
        ("API_URL", "http://127.0.0.1:port/api/v1", "from 1 to 65535"),
        ("API_URL", "http://[::1/api/v1", "must have a host"),
        ("API_URL", "https://:8080/api/v1", "must have a host"),
        ("API_URL", "https://acme reamaze.io/api/v1", "must have a host"),
        ("API_URL", "http://10.0.0.7/api/v1", "plain http://"),
        ("API_URL", "http://127.0.0.1.example.com/api/v1", "plain http://"),
        ("API_URL", "http://localhost.example/api/v1", "plain http://"),
        ("API_URL", "http://me:secret-word@host/api/v1", "must not hold a login"),
        ("CONCURRENCY", "0", "REAMAZE_CONCURRENCY"),
        ("CONCURRENCY", "many", "REAMAZE_CONCURRENCY"),
        ("ANSWER_SECONDS", "0", "REAMAZE_ANSWER_SECONDS"),
        ("ANSWER_MEGABYTES", "big", "REAMAZE_ANSWER_MEGABYTES"),
        ("REQUESTS_PER_MINUTE", "-1", "REAMAZE_REQUESTS_PER_MINUTE"),
        ("MODELS", "no-such-folder", "there is no folder"),
    ],
)
def test_a_malformed_setting_is_named_with_its_mend(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    monkeypatch.setenv("REAMAZE_START_DATE", "2024-01-31")
    monkeypatch.setenv(f"REAMAZE_{name}", value)
    with pytest.raises(SettingsError, match=why) as problem:
        _read_all()
    assert "\n" not in str(problem.value)
    assert "secret-word" not in str(problem.value)


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REAMAZE_TIMEZONE", "Asia/Kolkata")
    monkeypatch.setenv("REAMAZE_START_DATE", "")
    monkeypatch.delenv("REAMAZE_START_DATE")
    (tmp_path / ".env").write_text("REAMAZE_START_DATE=2024-05-06\nREAMAZE_TIMEZONE=UTC\n")
    load_environment()
    assert read(Calendar).timezone == "Asia/Kolkata"
    assert read(Calendar).start_date == dt.date(2024, 5, 6)


def test_all_that_is_wrong_is_named_whatever_group_it_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAMAZE_TIMEZONE", "Mars/Base")
    said = problems(Login, Calendar, Warehouse)
    for name in (
        "BRAND is not set",
        "EMAIL is not set",
        "API_TOKEN is not set",
        "START_DATE is not set",
        "TIMEZONE is",
    ):
        assert [line for line in said if f"REAMAZE_{name}" in line] == [line for line in said if name in line] != []
    with pytest.raises(SettingsError, match=r"REAMAZE_BRAND.*REAMAZE_EMAIL|REAMAZE_EMAIL.*REAMAZE_BRAND"):
        read(Login)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("REAMAZE_TIMZONE", "did you mean REAMAZE_TIMEZONE?"),
        ("REAMAZE_TOKEN", "did you mean REAMAZE_API_TOKEN?"),
        ("REAMZE_START_DATE", "did you mean REAMAZE_START_DATE?"),
        ("REAMAZE_XYZZY", "see .env.example"),
        ("reamaze_timezone", None),
        ("REAMAZE_CONCURRENCY", None),
        ("HOME", None),
        ("DATABASE_URL", None),
    ],
)
def test_a_misspelt_setting_is_said_once_with_a_suggestion(
    name: str, said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _say_once.cache_clear()
    monkeypatch.setenv(name, "x")
    monkeypatch.delenv(name)
    (tmp_path / ".env").write_text(f"{name}=some value of mine\n")
    for _ in range(2):
        load_environment()
    lines = [record.getMessage() for record in caplog.records if name in record.getMessage()]
    assert len(lines) == (said is not None)
    assert all(line.startswith(f"{name} is no setting") and str(said) in line for line in lines)
    assert "of mine" not in caplog.text


def test_a_byte_order_mark_is_nothing_and_other_encodings_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REAMAZE_START_DATE", "")
    monkeypatch.delenv("REAMAZE_START_DATE")
    (tmp_path / ".env").write_text("\ufeffREAMAZE_START_DATE=2024-05-06\n", encoding="utf-8")
    load_environment()
    assert read(Calendar).start_date == dt.date(2024, 5, 6)
    (tmp_path / ".env").write_text("REAMAZE_START_DATE=2024-05-06\n", encoding="utf-16")
    with pytest.raises(SettingsError, match=r"\.env is not UTF-8"):
        load_environment()


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("REAMAZE_DATABASE", "~/data/reamaze.duckdb")
    assert read(Warehouse).database == tmp_path / "data" / "reamaze.duckdb"


def test_the_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REAMAZE_EMAIL", "lead@acme.example")
    monkeypatch.setenv("REAMAZE_API_TOKEN", "very-secret-token")
    with pytest.raises(SettingsError) as problem:
        read(Login)
    monkeypatch.setenv("REAMAZE_BRAND", "acme")
    assert "very-secret-token" not in f"{problem.value}{read(Login)!r}{read(Login)}"


def test_the_example_file_names_every_setting() -> None:
    example = (Path(__file__).parent.parent / ".env.example").read_text()
    assert all(f"REAMAZE_{name}=" in example for name in NAMES)


def test_the_bounds_of_an_answer_are_documented_as_they_are() -> None:
    top = Path(__file__).parent.parent
    example, readme = (top / ".env.example").read_text(), (top / "README.md").read_text()
    address = read(Address)
    assert (address.answer_seconds, address.answer_megabytes) == (ANSWER_SECONDS, ANSWER_MEGABYTES)
    for name, value in (("ANSWER_SECONDS", ANSWER_SECONDS), ("ANSWER_MEGABYTES", ANSWER_MEGABYTES)):
        assert f"REAMAZE_{name}={value:g}\n" in example
        assert re.search(rf"`REAMAZE_{name}` \|[^|]+\| `{value:g}` \|", readme)


def _read_all() -> None:
    for group in (Calendar, Address, Warehouse):
        read(group)
