"""The body of an answer, read piece by piece, so that no answer takes more memory than agreed.

Sizes are those after decompression: a megabyte on the wire can be a gigabyte of text. What does not belong
here: how long an answer may take (`deadline`) and what it says (`page`, `answers`).
"""

from __future__ import annotations

import requests
import urllib3

_PIECE = 1 << 18
_EXPLANATION = 1 << 16
"""What is read of an answer that is no page: its words are in front, if it has any."""


class TooLarge(Exception):
    """The body is longer than the most."""


def read_body(response: requests.Response, most: int) -> bytes:
    """The whole decoded body; the connection then serves the next request, or is closed if this fails.

    Raises `TooLarge` once it is longer than `most` bytes, and `urllib3.exceptions.HTTPError` where it breaks off.
    """
    try:
        return _read(response.raw, most)
    except BaseException:
        response.close()
        raise


def _read(raw: urllib3.BaseHTTPResponse, most: int) -> bytes:
    pieces, size, more = [], 0, True
    while more:
        piece = raw.read(_PIECE, decode_content=True)
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise TooLarge
        more = len(piece) == _PIECE
    raw.read(1, decode_content=True)  # says whether it broke off, and gives the connection back
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def read_beginning(response: requests.Response) -> bytes:
    """What an answer that is no page begins with; nothing where even that cannot be had."""
    try:
        return bytes(response.raw.read(_EXPLANATION, decode_content=True))
    except (urllib3.exceptions.HTTPError, OSError):
        return b""
    finally:
        response.close()
