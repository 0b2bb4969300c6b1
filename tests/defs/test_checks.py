"""What is told of broken promises once several runs have looked, each at some of them."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from reamaze_pipeline.defs.checks import model_checks, promised
from reamaze_pipeline.instance.check_records import broken_promises
from reamaze_pipeline.sandbox import Sandbox
from tests.conftest import Deploy

PROMISES = {dg.AssetCheckKey(dg.AssetKey("table"), name) for name in "ab"}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(instance: dg.DagsterInstance, looked_at: str, passed: str) -> None:
    """One run of an asset with promises, looking at some of them and finding some kept."""

    @dg.asset(check_specs=[dg.AssetCheckSpec(name, asset="table", description=f"{name} holds") for name in looked_at])
    def table() -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        yield dg.MaterializeResult()
        for name in looked_at:
            yield dg.AssetCheckResult(passed=name in passed, check_name=name, description=f"{name} holds")

    assert dg.materialize([table], instance=instance).success


def test_the_newest_look_at_each_promise_counts(instance: dg.DagsterInstance) -> None:
    assert broken_promises(instance, PROMISES) == []
    run(instance, "ab", passed="b")
    assert broken_promises(instance, PROMISES) == ["table: a holds"]
    run(instance, "b", passed="")
    assert broken_promises(instance, PROMISES) == ["table: a holds", "table: b holds"]
    run(instance, "a", passed="a")
    assert broken_promises(instance, PROMISES) == ["table: b holds"]


def test_runs_that_looked_elsewhere_or_nowhere_change_nothing(instance: dg.DagsterInstance) -> None:
    run(instance, "ab", passed="b")
    for looked_at in ("", "b", "b", "c"):
        run(instance, looked_at, passed="b")
    assert broken_promises(instance, PROMISES) == ["table: a holds"]


def test_all_that_a_run_looks_at_is_known_beforehand(sandbox: Sandbox, deploy: Deploy) -> None:
    deployment = deploy(sandbox)
    specs = [spec for checks in model_checks(deployment.project, deployment.tests) for spec in checks.check_specs]
    assert {spec.key for spec in specs} == promised(deployment.project, deployment.tests)
