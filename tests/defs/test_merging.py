"""In somebody else's code location: two brands beside a stranger's own assets, and nobody touches anybody."""

from __future__ import annotations

import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox

import reamaze_pipeline
from reamaze_pipeline import Deployment, DuckDBWarehouse, ReamazeComponent, build_defs
from reamaze_pipeline.definitions import defs as our_location
from reamaze_pipeline.defs.partitions import range_tags
from reamaze_pipeline.errors import SettingsError
from reamaze_pipeline.sandbox import Sandbox
from tests.conftest import FIRST, Deploy


def settings(sandbox: Sandbox, folder: Path, brand: str) -> dict[str, object]:
    return {"api_url": sandbox.url, "start_date": "2026-03-01", "database": str(folder / f"{brand}.duckdb")}


@pytest.fixture
def merged(sandbox: Sandbox, tmp_path: Path, deploy: Deploy) -> dg.Definitions:
    """Two brands, and a project with a weekly asset of its own under names that we use too."""
    deploy(sandbox, REAMAZE_TIMEZONE="Asia/Kolkata")  # what the environment says is of no brand here

    @dg.asset(
        partitions_def=dg.WeeklyPartitionsDefinition("2026-01-01"),
        deps=[dg.AssetKey(["acme", "metrics", "messages_per_origin"])],
    )
    def weekly() -> None:
        raise AssertionError("nobody asked for it")

    theirs = dg.Definitions(assets=[weekly], resources={"io_manager": dg.InMemoryIOManager(), "warehouse": 1})
    brands = [build_defs(settings=settings(sandbox, tmp_path, brand), key_prefix=brand) for brand in ("acme", "beta")]
    return dg.Definitions.merge(theirs, *brands)


def test_two_brands_and_a_weekly_asset_load_together(merged: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(merged)
    assert merged.executor is None
    keys = {spec.key.path[0] for spec in merged.resolve_all_asset_specs()}
    assert keys == {"acme", "beta", "weekly"}
    for brand in ("acme", "beta"):
        job = merged.resolve_job_def(f"{brand}_daily_messages")
        assert {key.path[0] for key in job.asset_layer.executable_asset_keys} == {brand}
        assert job.executor_def is dg.in_process_executor
        assert merged.resolve_schedule_def(f"{brand}_daily_messages_schedule").job_name == job.name
    assert "reamaze" not in (merged.resources or {})
    forgetting = [asset for asset in merged.assets or () if isinstance(asset, dg.AssetsDefinition) and asset.hook_defs]
    assert forgetting == []  # whose records are kept how long is for the project to say


def test_a_run_of_one_brand_fills_its_own_warehouse(merged: dg.Definitions, tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = merged.resolve_job_def("acme_daily_messages").execute_in_process(
            instance=instance, tags=range_tags(FIRST, FIRST), raise_on_error=False
        )
        assert result.success
        pages = dg.AssetKey(["acme", "raw", "message_pages"])
        assert instance.get_materialized_partitions(pages) == {FIRST.isoformat()}
        checks = result.get_asset_check_evaluations()
        assert checks
        assert {check.asset_key.path[0] for check in checks} == {"acme"}
    with duckdb.connect(tmp_path / "acme.duckdb", read_only=True) as warehouse:
        (messages,) = warehouse.sql("select count(*) from core.messages").fetchall()[0]
        (schemas,) = warehouse.sql("select list(distinct table_schema) from information_schema.tables").fetchall()[0]
    assert messages > 0
    assert {"raw", "core", "metrics"} <= set(schemas)
    assert not [schema for schema in schemas if "acme" in schema]
    assert not (tmp_path / "beta.duckdb").exists()
    assert (tmp_path / "support_report_acme.html").exists()


def test_a_setting_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean start_date"):
        Deployment.from_settings({"startdate": "2026-03-01"})
    with pytest.raises(SettingsError, match="REAMAZE_START_DATE is not set"):
        Deployment.from_settings({"brand": "acme"})
    with pytest.raises(SettingsError, match=r"must be a dagster\.EnvVar") as refused:
        Deployment.from_settings({"brand": "acme", "start_date": "2026-01-01", "api_token": "secret-word"})
    assert "secret-word" not in str(refused.value)


GIVEN = {"brand": "acme", "start_date": "2026-01-01"}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"key_prefix": "größe"}, "key_prefix 'größe' .* a to z, A to Z, digits, _, - and"),
        ({"key_prefix": ["acme", "a b"]}, "key_prefix 'a b' .* a to z"),
        ({"key_prefix": ""}, "1 to 63 of"),
        ({"resource_prefix": "acme-"}, "resource_prefix 'acme-' .* digits and _, no digit first"),
        ({"resource_prefix": "3m_"}, "no digit first"),
        ({"group": "Größe"}, "group 'Größe' .* digits and _"),
        ({"group": ""}, "1 to 63 of"),
    ],
)
def test_a_name_that_dagster_refuses_is_refused_in_words(names: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        build_defs(settings=GIVEN, **names)


def test_a_brand_that_begins_with_a_digit_loads() -> None:
    dg.Definitions.validate_loadable(build_defs(settings=GIVEN, key_prefix="3m-shop"))


def test_two_brands_that_write_one_file_are_refused_where_they_meet(tmp_path: Path) -> None:
    one = tmp_path / "one.duckdb"
    acme = build_defs(settings=GIVEN | {"database": str(one)}, key_prefix="acme")
    beta = build_defs(settings=GIVEN | {"database": f"{tmp_path}/./one.duckdb"}, key_prefix="beta")
    with pytest.raises(dg.DagsterInvalidDefinitionError) as refused:
        dg.Definitions.validate_loadable(dg.Definitions.merge(acme, beta))
    told = "the brand acme and the brand beta both write "
    assert str(refused.value.__cause__).startswith(f"{told}{one}; give each a database")
    copied = Deployment.from_settings(GIVEN | {"database": "beta.duckdb", "snapshot": str(one)})
    assert str(one) in copied.written


def test_the_environment_is_of_no_brand_that_was_given(
    sandbox: Sandbox, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(sandbox, REAMAZE_TIMEZONE="Asia/Kolkata")
    given = Deployment.from_settings({"brand": "acme", "start_date": "2026-01-01"})
    assert (given.address.root, given.calendar.timezone) == ("https://acme.reamaze.io/api/v1", "UTC")


# Dagster's own, where it reads a component's attributes
@pytest.mark.filterwarnings("ignore:`parse_obj_as`", "ignore::dagster.BetaWarning")
def test_a_component_is_a_brand_as_it_was_scaffolded() -> None:
    with create_defs_folder_sandbox() as project:
        for prefix in ("acme", "beta"):
            project.scaffold_component(component_cls=ReamazeComponent, defs_path=prefix)
        told = yaml.safe_load((project.defs_folder_path / "acme" / "defs.yaml").read_text())
        told["attributes"] |= {"api_token_variable": "ACME_TOKEN", "settings": {"look_back_days": 1}}
        with project.swap_defs_file(project.defs_folder_path / "acme" / "defs.yaml", told):
            with project.build_all_defs() as built:
                dg.Definitions.validate_loadable(built)
                assert {spec.key.path[0] for spec in built.resolve_all_asset_specs()} == {"acme", "beta"}
                databases = {key: built.resources[f"{key}_reamaze_warehouse"].database for key in ("acme", "beta")}
                schedule = built.resolve_schedule_def("acme_daily_messages_schedule")
            assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
            assert databases == {key: str(project.project_root / "data" / f"{key}.duckdb") for key in databases}
        told["attributes"]["settings"] = {"brand": "other"}
        changed = project.swap_defs_file(project.defs_folder_path / "acme" / "defs.yaml", told)
        with changed, pytest.raises(Exception, match="acme") as refused, project.build_all_defs():
            pass
        assert "brand: an attribute of its own" in "".join(traceback.format_exception(refused.value))
    assert all(field.description for field in ReamazeComponent.model_fields.values())


def test_our_own_location_runs_everything_in_one_process(sandbox: Sandbox, deploy: Deploy) -> None:
    deploy(sandbox)
    assert our_location().executor is dg.in_process_executor


def test_the_face_is_loaded_when_it_is_asked_for() -> None:
    code = "import sys, reamaze_pipeline; print('dagster' in sys.modules, *dir(reamaze_pipeline))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert printed[0] == "False"
    assert set(reamaze_pipeline.__all__) <= set(printed)
    with pytest.raises(AttributeError):
        _ = reamaze_pipeline.nothing
    assert DuckDBWarehouse is reamaze_pipeline.DuckDBWarehouse
