"""Calls that lose their connections: ours and the naive bridge, through the same misfortunes.

    python -m bench.continuity [CASE ...] [--markdown README.md] [--subject ours|naive] [--keep DIR]

Every case is one call over real sockets: a caller's stand-in phones the subject, which talks to a
stand-in of the model that misbehaves. What is measured is what the caller heard and what the
model's stand-in included, never what the service says of itself; the two are compared afterwards.
Exit code 1 when our service breaks a promise, or its report does not agree with what was measured.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from agent.sim.connection import Senses
from agent.sim.emulator import Emulator, EmulatorOptions
from agent.sim.phone import PhoneBank, PhoneOptions, phone_bank
from agent.sim.phone_report import PhoneReport, write_recording
from agent.sim.recording import Recording
from agent.sim.scripted import Tones
from agent.sim.server_profiles import PROFILES
from bench import continuity_sound as sound
from bench import continuity_table as table
from bench import continuity_uplink as uplink
from bench.continuity_cases import CASES, Case, Measured
from bench.continuity_mind import ANSWERS, RECALL, SENTENCES, Witness

SUBJECTS = {"ours": ("/twilio/media/local", "dev-3.8"), "naive": ("/media", "vertex-3.8")}
AT_ONCE = 10
START_S = 90.0
REPORT_S = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case with one subject.

    Attributes:
        report: what our service says of the call in its log; empty for the other subject.
        reliable: the caller's stand-in kept its own deadlines.
    """

    case: Case
    subject: str
    measured: Measured
    report: Mapping[str, object]
    reliable: bool


def measure(phone: PhoneReport, recording: Recording, bookings: Path) -> Measured:
    """Read a call from what came out at its two ends."""
    heard = sound.read(phone.heard)
    said = [
        (one.start, one.end, not ANSWERS[one.label].isdisjoint(heard.words))
        for one in phone.utterances
    ]
    caller = uplink.measure(phone.said, said, recording)
    asked = next((one for one in phone.utterances if one.label == RECALL), None)
    carried = [one for one in recording.connections.values() if one.kinds["audio"]]
    return Measured(
        reply_s=heard.reply_s,
        again_s=heard.again_s,
        gap_s=heard.gap_s,
        lost_ms=caller.lost_ms,
        repeated_ms=caller.repeated_ms,
        memory=_memory(heard.words),
        wait_s=None if asked is None else sound.first_sound_s(phone.heard, asked.end),
        bookings=len(bookings.read_text().splitlines()) if bookings.exists() else 0,
        confirmed="booked" in heard.words,
        connections=len(carried),
        used_up=sum(one.closed is not None for one in carried),
        ended=phone.failure,
    )


def _memory(words: Sequence[str]) -> bool | None:
    """What was answered in the end."""
    answers = [word for word in words if word in ("known", "unknown")]
    return answers[-1] == "known" if answers else None


@asynccontextmanager
async def subject_ports(
    subject: str, folder: Path, urls: Mapping[str, tuple[str, float | None]]
) -> AsyncIterator[dict[str, int]]:
    """The subject's process; gives a port for each case."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.continuity_subjects", subject, str(folder)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=(folder / f"{subject}.err").open("wb"),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(urls).encode() + b"\n")
        async with asyncio.timeout(START_S):
            ports: dict[str, int] = json.loads(await process.stdout.readline())
        yield ports
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(REPORT_S * 2):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def run_subject(
    subject: str, cases: Sequence[Case], folder: Path, bank: PhoneBank, free: asyncio.Semaphore
) -> list[Outcome]:
    """All cases with one subject, so many at once."""
    path, profile = SUBJECTS[subject]
    voice, ear = sound.Voice(), Tones(SENTENCES)
    recordings = {case.name: Recording(tapes=True) for case in cases}
    async with AsyncExitStack() as stack:
        urls = {}
        for case in cases:
            options = EmulatorOptions(profile=PROFILES[profile], faults=case.faults)
            senses = Senses(ear.hear, voice.speak)
            emulator = Emulator(lambda _: Witness(), senses, options, recordings[case.name])
            url = (await stack.enter_async_context(emulator)).url
            urls[case.name] = url, case.age_s
        ports = await stack.enter_async_context(subject_ports(subject, folder / subject, urls))

        async def one(number: int, case: Case) -> PhoneReport:
            async with free:
                options = PhoneOptions(parameters={"tenant": "desk"}, seed=1000 + number)
                url = f"ws://127.0.0.1:{ports[case.name]}{path}"
                return await bank.call(url, case.script(), options)

        async with asyncio.TaskGroup() as group:
            placed = [group.create_task(one(n, case)) for n, case in enumerate(cases)]
        await asyncio.sleep(1.0)  # the last lines of the log
    reports = _reports(folder / subject / f"{subject}.jsonl")
    outcomes = []
    for case, task in zip(cases, placed, strict=True):
        phone = task.result()
        bookings = folder / subject / case.name / "bookings"
        measured = await asyncio.to_thread(measure, phone, recordings[case.name], bookings)
        write_recording(folder / subject / f"{case.name}.wav", phone)
        report = reports.get(phone.call.call_sid, {})
        outcomes.append(Outcome(case, subject, measured, report, phone.reliable))
    return outcomes


def _reports(log: Path) -> dict[str, dict[str, object]]:
    """The one line of each call, by the carrier's id of the call."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return {line["call_id"]: line for line in lines if line["event"] == "call.ended"}


async def run(cases: Sequence[Case], subjects: Iterable[str], folder: Path) -> list[Outcome]:
    """The longest first, so that the others run beside it."""
    ordered = sorted(cases, key=lambda case: -case.seconds)
    free = asyncio.Semaphore(AT_ONCE)
    async with phone_bank() as bank, asyncio.TaskGroup() as group:
        running = []
        for subject in subjects:
            shutil.rmtree(folder / subject, ignore_errors=True)
            (folder / subject).mkdir(parents=True)
            running.append(group.create_task(run_subject(subject, ordered, folder, bank, free)))
    return [outcome for task in running for outcome in task.result()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="only these")
    parser.add_argument("--markdown", type=Path, help="put the table between its markers there")
    parser.add_argument("--subject", choices=list(SUBJECTS), help="only this one")
    parser.add_argument("--keep", type=Path, help="where recordings and logs go")
    options = parser.parse_args()
    known = {case.name: case for case in CASES}
    if unknown := set(options.cases) - known.keys():
        parser.error(f"no such case: {', '.join(sorted(unknown))}; one of {', '.join(known)}")
    cases = [known[name] for name in options.cases] or list(CASES)
    subjects = [options.subject] if options.subject else list(SUBJECTS)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        outcomes = asyncio.run(run(cases, subjects, folder))
    Console(width=160, highlight=False).print(table.rich_table(cases, outcomes))
    problems = table.problems(outcomes)
    for problem in problems:
        print(problem)
    if options.markdown is not None:
        table.write_markdown(options.markdown, cases, outcomes)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
