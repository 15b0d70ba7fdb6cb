"""What the agent said it had done, and had not; without I/O.

A model can say "your table is booked" without having called the function that books. A tenant
names, for each function, the words by which the agent claims that it was done; a call in which
the caller heard such words, and in which the function never succeeded, is told apart in its report.
The words are looked for as they stand, whatever their case and the punctuation between them: a
claim that is worded otherwise is not noticed, and one that is denied ("not booked") is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from agent.call.tools import ToolRecord

type Claims = Mapping[str, Sequence[str]]
"""By the name of a function: the words that claim it was done."""

_WORD = re.compile(r"\w+")


def not_done(claims: Claims, heard: Iterable[str], tools: Iterable[ToolRecord]) -> tuple[str, ...]:
    """Name the functions that the caller was told were done, and never succeeded.

    Args:
        heard: what he heard of the agent, one text for each turn.
        tools: all calls of functions.
    """
    if not claims:
        return ()
    done = {record.name for record in tools if record.ended_at is not None and not record.failed}
    texts = [_words(text) for text in heard]
    return tuple(
        name
        for name, wordings in claims.items()
        if name not in done
        and any(_words(wording) in text for wording in wordings for text in texts)
    )


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "
