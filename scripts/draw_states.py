"""Draws the states of a session from the code's own table into docs/sessions.md.

    python scripts/draw_states.py [--check]

With --check nothing is written; the exit code says whether the page is up to date.
"""

import sys
from pathlib import Path

from agent.gemini.session_state import TRANSITIONS, Fact, SessionState

PAGE = Path(__file__).parent.parent / "docs" / "sessions.md"
BEGIN, END = "<!-- states: drawn by scripts/draw_states.py -->\n", "<!-- end of states -->"


def drawing() -> str:
    """The table as a Mermaid state diagram; the end, which every state has, is drawn once."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> NEW"]
    for (state, fact), after in TRANSITIONS.items():
        if fact is not Fact.ENDED:
            lines.append(f"    {state.name} --> {after.name}: {fact.name.lower()}")
    ended = [state.name for state, fact in TRANSITIONS if fact is Fact.ENDED]
    assert len(ended) == len(SessionState) - 1
    lines += ["    READY --> CLOSED: ended, as from every state", "    CLOSED --> [*]", "```"]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or check it."""
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    drawn = before + BEGIN + drawing() + END + after
    if "--check" in sys.argv[1:]:
        return int(drawn != page)
    PAGE.write_text(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
