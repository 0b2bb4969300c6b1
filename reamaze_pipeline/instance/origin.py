"""Runs of the command line as runs of the code location that `ui` serves.

Dagster's timeline shows runs of which it knows the location, and its pages can execute only these again. A run in our
own process would be of none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import dagster as dg
import yaml
from dagster_shared.serdes import deserialize_value

from reamaze_pipeline.shipped import shipped


@contextmanager
def of_our_location(instance: dg.DagsterInstance, job: str) -> Iterator[None]:
    """For the block, runs of the job that are made in this process are the location's in `workspace.yaml`."""
    (served,) = yaml.safe_load(shipped("workspace.yaml").read_text(encoding="utf-8"))["load_from"]
    module = served["python_module"]
    make = instance.create_run_for_job
    origin = _origin(module["module_name"], module["location_name"], job)
    instance.create_run_for_job = partial(make, remote_job_origin=origin)  # type: ignore[method-assign]
    try:
        yield
    finally:
        instance.create_run_for_job = make  # type: ignore[method-assign]


def _origin(module: str, location: str, job: str) -> Any:
    """As Dagster writes it beside a run: its classes have no public name, their stored form is read back for ever."""
    target = {
        "__class__": "LoadableTargetOrigin",
        "attribute": None,
        "executable_path": None,
        "module_name": module,
        "package_name": None,
        "python_file": None,
        "working_directory": None,
    }
    served = {
        "__class__": "ManagedGrpcPythonEnvRepositoryLocationOrigin",
        "loadable_target_origin": target,
        "location_name": location,
    }
    repository = {
        "__class__": "ExternalRepositoryOrigin",
        "repository_location_origin": served,
        "repository_name": "__repository__",
    }
    stored = {"__class__": "ExternalPipelineOrigin", "external_repository_origin": repository, "pipeline_name": job}
    return deserialize_value(json.dumps(stored))
