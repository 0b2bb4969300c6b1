"""Settings: each missing or malformed one is named in one line, and the token is never shown."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from reamaze_pipeline.settings import Address, Calendar, Login, SettingsError, Warehouse, load_environment, read

NAMES = [
    *("BRAND", "API_URL", "EMAIL", "API_TOKEN", "START_DATE", "TIMEZONE", "DATABASE", "REQUESTS_PER_MINUTE"),
    *("CONCURRENCY", "MODELS", "EXCLUDE_SENDERS", "EXCLUDE_ORIGINS", "BUSINESS_HOURS"),
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
        ("TIMEZONE", "../etc/passwd", "is not an IANA time zone"),
        ("BRAND", "acme.reamaze.io", "bare subdomain"),
        ("API_URL", "127.0.0.1:8080", "full URL"),
        ("API_URL", "http://me:secret-word@host/api/v1", "must not hold a login"),
        ("CONCURRENCY", "0", "REAMAZE_CONCURRENCY"),
        ("CONCURRENCY", "many", "REAMAZE_CONCURRENCY"),
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


def _read_all() -> None:
    for group in (Calendar, Address, Warehouse):
        read(group)
