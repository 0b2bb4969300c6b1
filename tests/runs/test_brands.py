"""Two brands of one deployment, each behind an API of its own over real HTTP: nothing of one is seen in the other."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from reamaze_pipeline.commands.app import run
from reamaze_pipeline.definitions import defs
from reamaze_pipeline.errors import SettingsError
from reamaze_pipeline.instance.home import open_instance
from reamaze_pipeline.sandbox import Sandbox, SandboxOptions
from reamaze_pipeline.settings import brands as settings_brands
from reamaze_pipeline.settings.brands import read_brands
from tests.alerts.receivers import webhook
from tests.conftest import END, FIRST

BRANDS = """
acme:
  api_url: {acme}
  start_date: 2026-03-01
  api_token: ${{ACME_TOKEN}}
beta-two:
  api_url: {beta}
  start_date: 2026-03-02
  timezone: Asia/Kolkata
  requests_per_minute: 6000
  email: ${{BETA_EMAIL}}
  api_token: ${{BETA_TOKEN}}
"""
DAY = FIRST.isoformat()


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with the file of two brands, and the environment that goes with it."""
    acme, beta = (SandboxOptions(messages=300, days=12, end=END, seed=seed) for seed in (3, 4))
    with Sandbox(acme) as first, Sandbox(beta) as second:
        (tmp_path / "brands.yaml").write_text(BRANDS.format(acme=first.url, beta=second.url))
        environment = {
            "REAMAZE_BRANDS": "brands.yaml",
            "REAMAZE_EMAIL": first.email,
            "ACME_TOKEN": first.token,
            "BETA_EMAIL": second.email,
            "BETA_TOKEN": second.token,
            "REAMAZE_API_TOKEN": "",
            "REAMAZE_API_URL": "",
            "REAMAZE_START_DATE": "",
            "REAMAZE_DATABASE": "",
            "REAMAZE_TIMEZONE": "",
            "DAGSTER_HOME": "",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        yield


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The exit code and what was printed, as of a process that ends with the command."""
    before = dict(os.environ)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(settings_brands, "_chosen", [])
        code = run(list(words))
    os.environ.clear()
    os.environ.update(before)
    told = capsys.readouterr()
    return code, told.out, told.err


def test_two_brands_are_stored_told_and_seen_together(two: None, capsys: pytest.CaptureFixture[str]) -> None:
    for brand in ("acme", "beta-two"):
        code, out, err = typed(capsys, "backfill", "--brand", brand, "--from", DAY, "--to", DAY, "--json")
        assert code == 0, err
        assert json.loads(out.splitlines()[-1])["messages"] > 0
    assert sorted(path.name for path in Path("data").glob("*.duckdb")) == ["acme.duckdb", "beta-two.duckdb"]
    with open_instance(Path("data/acme.duckdb")) as instance:
        for brand in ("acme", "beta-two"):
            key = dg.AssetKey([brand, "core", "messages"])
            assert instance.get_materialized_partitions(key) == {DAY}
    for brand in ("acme", "beta-two"):  # neither lost its day to the other
        code, out, _ = typed(capsys, "status", "--brand", brand, "--json")
        assert code == 1
        said = json.loads(out.splitlines()[-1])
        assert "2026-03-03" in said["missing_days"]
        assert DAY not in said["missing_days"] + said["stale_days"]
        assert said["mend"]
        assert all(f"--brand {brand} --from" in command for command in said["mend"])

    code, out, err = typed(capsys, "report", "--json")
    assert code == 0, err
    page = Path("data/support_report_all_brands.html").read_text()
    for brand in ("acme", "beta-two"):
        assert f'href="support_report_{brand}.html"' in page
        assert Path(f"data/support_report_{brand}.html").exists()
    counts = {}
    for brand in ("acme", "beta-two"):
        with duckdb.connect(f"data/{brand}.duckdb", read_only=True) as warehouse:
            counts[brand] = warehouse.sql(
                "select count(*), (select count(*) from metrics.conversation_summary) from core.messages"
            ).fetchone()
    with duckdb.connect("data/all_brands.duckdb", read_only=True) as union:
        for position, table in enumerate(("core.messages", "metrics.conversation_summary")):
            seen = union.sql(f"select brand, count(*) from {table} group by brand order by brand").fetchall()
            assert seen == [(brand, counts[brand][position]) for brand in ("acme", "beta-two")]


def test_what_dagster_says_of_a_brand_can_be_typed(two: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon is about all brands: its alerts and checks name the one that a command is for."""
    with webhook() as (url, told), open_instance(Path("data/acme.duckdb")) as instance:
        monkeypatch.setenv("REAMAZE_ALERT_WEBHOOK", url)
        built = defs()
        for brand, name in (("acme", "acme"), ("beta-two", "beta_2d_two")):
            sensor = built.resolve_sensor_def(f"{name}_nothing_is_missing")
            with dg.build_sensor_context(instance=instance, sensor_name=sensor.name) as context:
                (check,) = sensor.evaluate_tick(context).asset_events
            assert isinstance(check, dg.AssetCheckEvaluation)
            assert f"reamaze-pipeline backfill --brand {brand} --from" in str(check.metadata["mend"].value)

            job = built.resolve_job_def(f"{name}_daily_messages")
            run_of_it = instance.create_run_for_job(job, tags={"dagster/partition": DAY})
            instance.report_run_failed(run_of_it)
            sensor = built.resolve_sensor_def(f"{name}_alerts")
            with dg.build_sensor_context(instance=instance, sensor_name=sensor.name) as context:
                sensor.evaluate_tick(context)
            assert f"reamaze-pipeline backfill --brand {brand} --from" in told[-1]["text"]
    assert len(told) == 2


def test_a_command_says_which_brands_there_are(two: None, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = typed(capsys, "status")
    assert (code, "--brand acme, --brand beta-two" in err) == (2, True)
    code, _, err = typed(capsys, "status", "--brand", "beta")
    assert (code, "did you mean beta-two?" in err) == (2, True)
    code, _, err = typed(capsys, "report", "--from", DAY)
    assert (code, "--brand" in err) == (2, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:  # the UI is of all brands, and asks for no setting of one
        code, _, err = typed(capsys, "ui", "--port", str(taken.getsockname()[1]))
    assert (code, "port" in err) == (2, True)


def test_the_location_holds_every_brand(two: None) -> None:
    built = defs()
    dg.Definitions.validate_loadable(built)
    groups = {spec.key.path[0] for spec in built.resolve_all_asset_specs()}
    assert groups == {"acme", "beta-two", "reports"}
    zones = {
        name: built.resolve_schedule_def(f"{name}_daily_messages_schedule").execution_timezone
        for name in ("acme", "beta_2d_two")
    }
    assert zones == {"acme": "UTC", "beta_2d_two": "Asia/Kolkata"}
    pools = {
        asset.op.pool
        for asset in built.assets or ()
        if isinstance(asset, dg.AssetsDefinition) and {key.path[-1] for key in asset.keys} == {"message_pages"}
    }
    assert pools == {"reamaze_api_acme_token", "reamaze_api_beta_token"}
    token = built.resources["acme_reamaze"].api_token
    assert token == dg.EnvVar("ACME_TOKEN")


def test_what_a_brand_leaves_blank_is_its_own_default(tmp_path: Path) -> None:
    file = tmp_path / "brands.yaml"
    file.write_text("acme: &like\n  timezone: Asia/Kolkata\n  database:\nbeta:\n  <<: *like\n")
    found = {name: brand.environment for name, brand in read_brands(file).items()}
    assert {Path(told["REAMAZE_DATABASE"]).name for told in found.values()} == {"acme.duckdb", "beta.duckdb"}
    assert found["beta"]["REAMAZE_TIMEZONE"] == "Asia/Kolkata"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("acme:\n  api_token: secret-word\n", "variable of its api_token"),
        ("acme:\n  startdate: 2026-03-01\n", "did you mean start_date"),
        ("Acme Inc:\n  start_date: 2026-03-01\n", "small letters"),
        ("- acme\n", "must name brands"),
        ("a:\n  database: x.duckdb\nb:\n  database: ./data/../x.duckdb\n", "b and a have one database"),
        ("a:\n  database: ducklake:x\nb:\n  database: ducklake:./x#data=y\n", "b and a have one database"),
        ("a:\n  snapshot: x.duckdb\nb:\n  snapshot: x.duckdb\n", "b and a have one snapshot"),
        ("a:\n  snapshot: x.duckdb\nb:\n  database: x.duckdb\n", "b and a have one database"),
        ("a:\n  database: all_brands.duckdb\n", "the views of all brands are made there"),
        ("a:\n  timezone: UTC\nb: {}\na: {}\n", "names a twice"),
        ("a:\n  start_date: 2026-03-01\n  start_date: 2026-03-02\n", "names start_date twice"),
        ("größe: {}\n", "a dash not first, at most 63"),
        ("'': {}\n", "small letters"),
        ("", "must name brands"),
    ],
)
def test_a_file_that_is_wrong_is_refused_without_its_secrets(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "brands.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=said) as refused:
        read_brands(file)
    assert "secret-word" not in str(refused.value)
