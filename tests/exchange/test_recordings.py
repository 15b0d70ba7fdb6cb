"""Messages that are taken, and calls that are recorded."""

import io
import wave
from typing import Any

import numpy as np
import pytest

from agent.audio.pcm import Pcm16, from_bytes
from agent.sim.exchange.recordings import Recording
from agent.sim.script import Leave, Pause, Press, Say, Step, WaitForEnd
from tests.exchange.street import HOST, Street
from tests.sim.lines import tone

STAYS = WaitForEnd(timeout_s=600)
RECORD = (
    "<Record action='/taken' timeout='2' maxLength='30' finishOnKey='#' "
    f"recordingStatusCallback='{HOST}/recording'/><Redirect>/silent</Redirect>"
)
PAGES = {"voice": RECORD, "taken": "<Hangup/>", "silent": "<Hangup/>", "recording": ""}


def only(street: Street) -> Recording:
    [recording] = street.exchange.desk.recordings.values()
    return recording


def sound(wav: bytes) -> tuple[int, Pcm16]:
    with wave.open(io.BytesIO(wav), "rb") as file:
        return file.getnchannels(), from_bytes(file.readframes(file.getnframes()))


@pytest.mark.parametrize(
    ("script", "seconds", "key"),
    [
        ([Pause(1.0), Say(tone(3.0, "a message")), STAYS], 5.6, ""),
        ([Pause(1.0), Say(tone(3.0, "a message")), Press("#"), STAYS], 3.6, "#"),
        ([Pause(1.0), Say(tone(40.0, "a long one")), STAYS], 30.0, ""),
    ],
)
def test_a_message_ends_with_silence_a_key_or_the_limit(
    script: list[Step], seconds: float, key: str
) -> None:
    street = Street(PAGES)
    leg = street.call(script)
    street.over(leg)
    [told] = street.told("taken")
    recording = only(street)
    assert told["RecordingSid"] == recording.sid
    assert told["RecordingUrl"].endswith(recording.url)
    assert told["Digits"] == key
    assert float(told["RecordingDuration"]) == pytest.approx(seconds, abs=0.7)
    [done] = street.told("recording")
    assert (done["RecordingStatus"], done["RecordingSid"]) == ("completed", recording.sid)
    channels, pcm = sound(recording.wav())
    assert channels == 1
    assert abs(pcm).max() > 1000


def test_without_a_word_there_is_no_recording_and_the_next_verb_follows() -> None:
    street = Street(PAGES)
    leg = street.call([STAYS])
    street.over(leg)
    assert street.pages() == ["voice", "silent"]
    assert street.exchange.desk.recordings == {}


def test_a_caller_who_hangs_up_has_left_his_message() -> None:
    street = Street(PAGES)
    leg = street.call([Pause(1.0), Say(tone(2.0, "a message")), Leave()])
    street.over(leg)
    assert street.told("taken") == []
    assert len(street.told("recording")) == 1


def test_a_live_call_is_recorded_from_now_on_paused_and_stopped() -> None:
    street = Street({"voice": "<Say>Hello.</Say><Pause length='60'/>", "recording": ""})
    leg = street.call([Say(tone(8.0, "on and on")), Pause(2.0), Leave()])
    street.until(1.0)
    given: Any = street.rest(
        "POST",
        f"Calls/{leg.sid}/Recordings.json",
        ("RecordingChannels", "dual"),
        ("RecordingStatusCallback", f"{HOST}/recording"),
    )
    assert given.status == 201
    path = f"Calls/{leg.sid}/Recordings/{given.body['sid']}.json"
    for at_s, status in ((3.0, "paused"), (5.0, "in-progress"), (7.0, "stopped")):
        street.until(at_s)
        assert street.rest("POST", path, ("Status", status)).status == 200
    street.over(leg)
    channels, pcm = sound(only(street).wav())
    said = pcm.reshape(-1, channels)[:, 0]
    assert channels == 2
    assert len(said) == pytest.approx(6 * 8000, abs=200)
    loud = [
        bool(np.abs(said[start : start + 4000]).max() > 100) for start in (2000, 22_000, 40_000)
    ]
    assert loud == [True, False, True]
    assert street.told("recording")[0]["RecordingChannels"] == "2"
    assert len(street.told("recording")) == 1


def test_recordings_are_fetched_and_deleted() -> None:
    street = Street(PAGES)
    leg = street.call([Pause(1.0), Say(tone(2.0, "a message")), Leave()])
    street.over(leg)
    sid = only(street).sid
    facts: Any = street.rest("GET", f"Recordings/{sid}.json")
    assert (facts.status, facts.body["call_sid"], facts.body["status"]) == (
        200,
        leg.sid,
        "completed",
    )
    wav = street.rest("GET", f"Recordings/{sid}.wav")
    assert wav.headers["Content-Type"] == "audio/x-wav"
    assert isinstance(wav.body, bytes)
    assert street.rest("DELETE", f"Recordings/{sid}.json").status == 204
    assert street.rest("GET", f"Recordings/{sid}.wav").status == 404


def test_a_recording_that_goes_on_ends_with_its_call() -> None:
    street = Street({"voice": "<Say>Hello.</Say><Pause length='9'/>"})
    leg = street.call([STAYS])
    street.until(1.0)
    street.rest("POST", f"Calls/{leg.sid}/Recordings.json")
    street.over(leg)
    assert only(street).status == "completed"
    assert only(street).seconds > 5
