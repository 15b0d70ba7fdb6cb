"""An answer that a connection may cut, and what the model is asked for after it."""

from agent.call import prompts
from agent.call.core import CallPlan
from tests.call.line import Line, content, opened

HANDLE = {"sessionResumptionUpdate": {"newHandle": "secret", "resumable": True}}
WORDS = " ".join(f"w{n}" for n in range(40))


def asked(line: Line) -> list[str]:
    """What the model was asked for, greeting and idle prompts apart."""
    ours = ("You were cut off", prompts.ANSWER)
    return [t for t in line.texts if t.startswith(ours)]


def replying(plan: CallPlan | None = None, **options: object) -> Line:
    """The caller has asked something; the model is 4.2 s into an answer of 8, 1 s of it heard."""
    line = opened(plan, **options)
    line.talk(1.0)
    line.run(1.6)
    line.model(content(inputTranscription={"text": "How long?"}))
    line.speak(8.0, WORDS, complete=False)
    line.run(1.0)
    return line
