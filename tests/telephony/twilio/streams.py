"""Streams brought to each state, for tests."""

from agent.telephony.twilio.stream import MediaStream
from tests.telephony.twilio import frames


def opened() -> MediaStream:
    return MediaStream()


def connected() -> MediaStream:
    stream = opened()
    stream.receive(frames.connected())
    return stream


def started() -> MediaStream:
    stream = connected()
    stream.receive(frames.start(parameters={"tenant": "t-17"}))
    return stream


def stopped() -> MediaStream:
    stream = started()
    stream.receive(frames.stop("2"))
    return stream


def counted(stream: MediaStream) -> dict[str, int]:
    return dict(stream.counters)
