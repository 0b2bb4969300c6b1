"""`pip install` as the documents' test has it: nothing is installed, but what would be has to be there."""

import re
import sys
import tomllib
from pathlib import Path

TOP = Path(__file__).parent.parent.parent
extras = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["optional-dependencies"]
wanted = [word for word in sys.argv[2:] if not word.startswith("-")]
for word in wanted:
    found = re.fullmatch(r"(?:\.|reamaze-pipeline)(?:\[([\w,-]+)\])?|(reamaze_pipeline-\*\.whl)|([\w-]+)", word)
    if found is None or not set((found[1] or "").split(",")) - {""} <= set(extras):
        sys.exit(f"pip cannot install {word}")
    if found[3] and found[3] not in (TOP / "requirements.lock").read_text():
        sys.exit(f"{word} was never tried with this package")
if sys.argv[1] != "install" or not wanted:
    sys.exit("only installing is known")
