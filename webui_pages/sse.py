"""Server-sent events from a byte stream, by the WHATWG standard: what httpx and Streamlit do not bring.

`httpx.Response.iter_lines` also breaks lines at U+2028, U+0085 and the like, which are ordinary characters inside the
JSON of an event; so lines are found here, at CR, LF and CRLF only.
"""

import codecs
from collections.abc import Iterable, Iterator


def data_events(chunks: Iterable[bytes]) -> Iterator[str]:
    """The data of each event. Comments, other fields and an event cut off before its blank line are left out."""
    data: list[str] = []
    for line in _lines(chunks):
        if not line:
            if data:
                yield "\n".join(data)
            data = []
            continue
        name, _, value = line.partition(":")
        if name == "data":
            data.append(value.removeprefix(" "))


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    pending = ""
    for chunk in chunks:
        pending += decoder.decode(chunk)
        # A CR at the end may be the first half of a CRLF whose LF is still on its way.
        complete, held = (pending[:-1], pending[-1:]) if pending.endswith("\r") else (pending, "")
        *finished, rest = complete.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        yield from finished
        pending = rest + held
    if pending.endswith("\r"):
        yield pending[:-1]
