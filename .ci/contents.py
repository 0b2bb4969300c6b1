"""What is in the distributions: everything that is needed, nothing that is not ours to give away."""

import sys
import tarfile
import zipfile
from pathlib import Path

TOP = Path(__file__).parent.parent
FOREIGN = (".env", ".duckdb", ".pyc", ".wal", ".log")


def main(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    (sdist,) = dist.glob("*.tar.gz")
    in_wheel = set(zipfile.ZipFile(wheel).namelist())
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    package = [str(path.relative_to(TOP)) for path in _files("reamaze_pipeline")]
    sql = [str(path.relative_to(TOP)) for path in _files("dbt_like_sql")]
    _has("wheel", in_wheel, [*package, *(f"reamaze_pipeline/{name}" for name in (*sql, "workspace.yaml"))])
    _has("sdist", in_sdist, [*package, *sql, "LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "pyproject.toml"])
    if not any(name.endswith("licenses/LICENSE") for name in in_wheel):
        sys.exit("the wheel holds no licence")
    stray = sorted(name for name in in_wheel if not name.startswith(("reamaze_pipeline/", "reamaze_pipeline-")))
    foreign = sorted(name for name in in_wheel | in_sdist if name.endswith(FOREIGN))
    if stray or foreign:
        sys.exit(f"what does not belong in a distribution: {stray + foreign}")
    print(f"{wheel.name} holds {len(in_wheel)} files, {sdist.name} {len(in_sdist)}")


def _files(folder: str) -> list[Path]:
    """What git would know of: no caches, nothing that dbt left."""
    left = {"__pycache__", "target", "logs"}
    return [path for path in (TOP / folder).rglob("*") if path.is_file() and not left & set(path.parts)]


def _has(kind: str, names: set[str], wanted: list[str]) -> None:
    if missing := sorted(set(wanted) - names):
        sys.exit(f"the {kind} lacks {missing}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
