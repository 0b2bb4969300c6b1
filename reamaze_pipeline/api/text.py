"""JSON text that every loader can read: what breaks them is replaced by U+FFFD and counted.

Legal in JSON, and each has broken a loader: half a surrogate pair (one fails a whole page in DuckDB) and NUL.
Not legal, but sent: bytes that are not UTF-8, bare control characters. The rest of the text stays as it came.
"""

from __future__ import annotations

import re

# Escapes are consumed from left to right, so `\\ud83d` (a backslash, then letters) is not mistaken for one.
_ESCAPE = re.compile(
    r"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?P<bad>u[dD][89a-fA-F][0-9a-fA-F]{2}|u0000)"
    r"|.)",
    re.DOTALL,
)
_SUSPECT = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def clean_json_text(body: bytes) -> tuple[str, int]:
    """The text of a JSON body and how many characters of it were replaced."""
    replaced = 0
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("utf-8-sig", errors="replace")
        replaced += text.count("\ufffd") - body.count("\ufffd".encode())
    text, controls = _CONTROL.subn("\ufffd", text)
    replaced += controls
    if _SUSPECT.search(text):
        lone = 0

        def mend(match: re.Match[str]) -> str:
            nonlocal lone
            if match["bad"] is None:
                return match[0]
            lone += 1
            return "\\ufffd"

        text = _ESCAPE.sub(mend, text)
        replaced += lone
    return text, replaced
