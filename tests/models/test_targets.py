"""Targets: a small file, read strictly, and what its replies made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reamaze_pipeline.models.files.targets import TargetsError, read_targets

FILE = """
- name: First answer
  of: first_response
  minutes: 60
- {name: Sales, of: next_reply, business_minutes: 0.5, category: Sales, origin: 1}
"""


def test_targets_are_read(tmp_path: Path) -> None:
    path = tmp_path / "targets.yml"
    path.write_text(FILE, encoding="utf-8-sig")
    first = {"name": "First answer", "of": "first_response", "seconds": 3600.0, "business": False}
    sales = {"name": "Sales", "of": "next_reply", "seconds": 30.0, "business": True}
    assert read_targets(path, scheduled=True) == [
        {**first, "category": None, "origin": None},
        {**sales, "category": "sales", "origin": "1"},
    ]
    with pytest.raises(TargetsError, match="target 2 counts business_minutes, which needs REAMAZE_BUSINESS_HOURS"):
        read_targets(path, scheduled=False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[", "not valid YAML"),
        ("", "must hold a list"),
        ("{name: a}", "must hold a list"),
        ("- text", "target 1 has no name"),
        ("- {name: ' ', of: next_reply, minutes: 1}", "target 1 has no name"),
        ("- {name: a, of: resolution, minutes: 1}", "of is one of first_response, next_reply"),
        ("- {name: a, of: next_reply}", "needs either minutes or business_minutes"),
        ("- {name: a, of: next_reply, minutes: 0}", "a number above 0"),
        ("- {name: a, of: next_reply, minutes: true}", "a number above 0"),
        ("- {name: a, of: next_reply, minutes: 1, business_minutes: 1}", "needs either"),
        ("- {name: a, of: next_reply, minutes: 1, tag: b}", "tag is not known"),
        (
            "- {name: a, of: next_reply, minutes: 1}\n- {name: a, of: next_reply, minutes: 2}",
            "two targets have the name a",
        ),
    ],
)
def test_what_is_no_list_of_targets_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "targets.yml"
    path.write_text(text)
    with pytest.raises(TargetsError, match=says) as refusal:
        read_targets(path, scheduled=True)
    assert "\n" not in str(refusal.value)
