"""What a move costs: CPU of a session that changes its connection, and memory of what it keeps.

    python -m bench.moves [--times 200]

A planned move and a drop are timed from the fact that begins them to the last frame on the new
connection, everything that the session does in between included; the network is not there. The
ratio is to the session's cost of one second of plain talk, so that a noisy machine matters little.
Memory is what tracemalloc finds after a minute of audio that nobody could be sent.
"""

import argparse
import gc
import time
import tracemalloc

import numpy as np
from rich.console import Console
from rich.table import Table

from agent.gemini.models import profile_for
from agent.gemini.session import LiveSession, Loss, SessionState
from agent.gemini.session_events import SendFrame
from agent.gemini.setup import SetupOptions, build_setup

MODEL = "gemini-3.8-live"
PACKET_S = 0.04
PACKET = np.zeros(640, np.int16)
SET_UP = b'{"setupComplete":{}}'
HANDLE = b'{"sessionResumptionUpdate":{"newHandle":"handle","resumable":true}}'


class Subject:
    """A session whose service is always at once of service."""

    def __init__(self) -> None:
        self.session = LiveSession(
            build_setup(SetupOptions(MODEL)), profile_for(MODEL, "developer")
        )
        self.now = 0.0
        self.connection = 1
        self.frames = 0
        self.session.start(self.now)
        self.connect()

    def connect(self) -> None:
        """The connection asked for is there, and set up, and gives a handle."""
        session = self.session
        session.connected(self.connection, self.now)
        session.receive(self.connection, SET_UP, self.now)
        session.receive(self.connection, HANDLE, self.now)
        self.drain()

    def talk(self, seconds: float) -> None:
        """The caller's line, silent or not, as it goes."""
        for _ in range(round(seconds / PACKET_S)):
            self.now += PACKET_S
            self.session.send_audio(PACKET, self.now)
            self.drain()

    def drain(self) -> None:
        self.frames += sum(isinstance(effect, SendFrame) for effect in self.session.effects())
        self.session.events()

    def move(self) -> None:
        """A planned move."""
        former, self.connection = self.connection, self.connection + 1
        self.session.move(self.now)
        self.session.lost(former, Loss(1000, ""), self.now)
        self.connect()

    def drop(self) -> None:
        """A drop in the middle of speech; all that is sent again goes out."""
        former, self.connection = self.connection, self.connection + 1
        self.session.lost(former, Loss(1006, ""), self.now)
        self.connect()
        until = self.now + 6.0
        while (due := self.session.next_timer()) is not None and due < until:
            self.now = due
            self.session.handle_timer(due)
            self.drain()
        assert self.session.state is SessionState.READY


def cpu_ms(action: object, subject: Subject) -> float:
    """CPU time of one action."""
    assert callable(action)
    began = time.process_time_ns()
    action()
    subject.drain()
    return (time.process_time_ns() - began) / 1e6


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--times", type=int, default=200)
    times = parser.parse_args().times
    plain, planned, dropped = [], [], []
    for _ in range(times):
        subject = Subject()
        subject.talk(3.0)
        plain.append(cpu_ms(lambda s=subject: s.talk(1.0), subject))
        planned.append(cpu_ms(subject.move, subject))
        subject.session.caller_speech(True, subject.now)
        subject.talk(12.0)
        dropped.append(cpu_ms(subject.drop, subject))
    table = Table(title="a session's change of connection")
    for column in ("what", "CPU ms median", "p99", "of a second of talk"):
        table.add_column(column, justify="left" if column == "what" else "right")
    one = float(np.median(plain))
    rows = (
        ("one second of talk, no model audio", plain),
        ("planned move", planned),
        ("drop, 12 s of speech sent again", dropped),
    )
    for name, values in rows:
        median, p99 = np.median(values), np.percentile(values, 99)
        table.add_row(name, f"{median:.2f}", f"{p99:.2f}", f"{median / one:.2f} x")
    Console().print(table)
    Console().print(f"memory of a minute of audio that waits: {waiting_megabytes():.2f} MB")


def waiting_megabytes() -> float:
    """What a session holds after 70 s without a connection."""
    subject = Subject()
    subject.session.lost(1, Loss(1006, ""), subject.now)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(round(70 / PACKET_S)):
        subject.session.send_audio(PACKET.copy(), subject.now)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / 1e6


if __name__ == "__main__":
    main()
