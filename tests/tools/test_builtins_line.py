"""The built-in tools of the line, with a line that only writes down what is wanted of it."""

from pathlib import Path
from typing import Any

import pytest

from agent.errors import ToolError
from agent.tenants.parse import parse_tenant
from agent.tenants.tenant import Tenant
from agent.tools import CallContext
from agent.tools.builtins import builtin_functions
from agent.tools.builtins_line import LONGEST_SUMMARY, MOST_KEYS, line_function
from agent.tools.function import ToolFunction
from agent.tools.registry import ToolSet
from agent.tools.runner import ToolRunner
from tests.support.patient_loop import run_on_loopback

FILE = """\
tenant: a
numbers: [+15550100100]
agent: {instructions: x}
tools:
  - builtin: transfer
  - builtin: voicemail
  - builtin: send_sms
  - builtin: send_digits
transfers:
  owner: {to: +15550100199, about: Mario the owner, how: warm}
  kitchen: {to: +15550100198, say: I connect you with "the kitchen".}
sms: {to: [+1555], longest: 20}
"""


class Line:
    """Notes what is wanted.

    Attributes:
        wanted: the method's name and its arguments.
    """

    def __init__(self, refuses: str | None = None) -> None:
        self.wanted: list[tuple[object, ...]] = []
        self._refuses = refuses

    async def _note(self, *what: object) -> None:
        if self._refuses is not None:
            raise ToolError(self._refuses)
        self.wanted.append(what)

    async def transfer(self, target: str, summary: str) -> None:
        await self._note("transfer", target, summary)

    async def voicemail(self) -> None:
        await self._note("voicemail")

    async def send_sms(self, to: str | None, text: str) -> None:
        await self._note("send_sms", to, text)

    async def send_digits(self, digits: str) -> None:
        await self._note("send_digits", digits)


def made(file: str = FILE) -> dict[str, ToolFunction]:
    functions = builtin_functions(parse_tenant(file, "a.yaml"))
    return {f.declaration.name: f for found in functions.values() for f in found}


def ask(name: str, line: Line | None, **args: object) -> dict[str, Any]:
    tenant = parse_tenant(FILE, "a.yaml")
    tools = ToolSet.load(tenant.tools, [], extra=builtin_functions(tenant))
    context = CallContext("a", "CA1", "+15550199999", Path("/nowhere"), control=line)
    return run_on_loopback(ToolRunner(tools).run("1", name, args, "k", context))


def test_the_model_is_told_whom_it_may_connect_the_caller_with() -> None:
    declared = made()["transfer"].declaration
    assert declared.parameters is not None
    target, summary = declared.parameters["properties"].values()
    assert target["enum"] == ["owner", "kitchen"]
    assert target["description"] == "Whom. owner: Mario the owner; kitchen."
    assert summary["description"].endswith("owner will hear it first.")
    assert declared.parameters["required"] == ["target"]


def test_where_nobody_is_asked_first_no_summary_is_wanted() -> None:
    declared = made(FILE.replace("how: warm", "how: cold"))["transfer"].declaration
    assert declared.parameters is not None
    summary = declared.parameters["properties"]["summary"]["description"]
    assert summary == "Leave it out: nobody would hear it."


def test_a_caller_is_passed_on_after_the_words_of_the_file() -> None:
    line = Line()
    answer = ask("transfer", line, target="kitchen")
    assert line.wanted == [("transfer", "kitchen", "")]
    assert answer["output"] == {
        "status": "connecting",
        "instructions": "Say exactly: \"I connect you with 'the kitchen'.\" "
        "Nothing else: the caller is then connected.",
    }


def test_a_person_who_is_asked_first_hears_a_summary() -> None:
    line = Line()
    answer = ask("transfer", line, target="owner", summary=" Ann wants\x07\n a party. ")
    assert line.wanted == [("transfer", "owner", "Ann wants a party.")]
    assert "in one short sentence" in answer["output"]["instructions"]


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ({"target": "owner"}, "only with a summary"),
        ({"target": "owner", "summary": " \x00 "}, "only with a summary"),
        ({"target": "kitchen", "summary": "x" * (LONGEST_SUMMARY + 1)}, "longer than 600"),
        ({"target": "+19005550100"}, "is not one of owner, kitchen"),
        ({"target": "mario"}, "is not one of owner, kitchen"),
        ({}, "target is missing"),
    ],
)
def test_nobody_else_is_called(args: dict[str, object], why: str) -> None:
    line = Line()
    answer = ask("transfer", line, **args)
    assert why in answer["error"]
    assert answer["retryable"] is True
    assert not line.wanted


def test_a_caller_may_speak_on_a_recording() -> None:
    line = Line()
    assert "after the tone" in ask("voicemail", line)["output"]["instructions"]
    assert line.wanted == [("voicemail",)]


def test_a_message_is_sent_to_the_caller_or_to_a_number() -> None:
    line = Line()
    sent = {"output": {"status": "sent"}}
    assert ask("send_sms", line, text=" Thursday,\x00 19:00 ") == sent
    assert ask("send_sms", line, text="Hi", to=" ") == sent
    assert ask("send_sms", line, text="Hi", to="+1 (555) 010-0177") == sent
    assert line.wanted == [
        ("send_sms", None, "Thursday,  19:00"),
        ("send_sms", None, "Hi"),
        ("send_sms", "+15550100177", "Hi"),
    ]


@pytest.mark.parametrize(
    ("args", "why"),
    [
        ({"text": " "}, "is empty"),
        ({"text": "x" * 21}, "longer than 20"),
        ({"text": "x", "to": "Ann"}, "no number"),
    ],
)
def test_a_message_that_cannot_be_sent_is_not(args: dict[str, object], why: str) -> None:
    line = Line()
    answer = ask("send_sms", line, **args)
    assert why in answer["error"]
    assert not line.wanted


def test_the_model_knows_to_whom_messages_may_go() -> None:
    def to(file: str) -> str:
        parameters = made(file)["send_sms"].declaration.parameters
        assert parameters is not None
        return str(parameters["properties"]["to"]["description"])

    assert "else a number" in to(FILE)
    assert "messages go to the number that the caller calls from" in to(
        FILE.replace("to: [+1555], ", "")
    )


def test_digits_are_dialled_as_they_are_meant() -> None:
    line = Line()
    assert ask("send_digits", line, digits="1, 2-3 w#")["output"]["status"] == "dialled"
    assert line.wanted == [("send_digits", "123w#")]


@pytest.mark.parametrize("digits", ["", "w", "12x", "+1555", "1" * (MOST_KEYS + 1), "one"])
def test_what_is_no_key_is_not_dialled(digits: str) -> None:
    line = Line()
    assert "Nothing was dialled" in ask("send_digits", line, digits=digits)["error"]
    assert not line.wanted


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("transfer", {"target": "kitchen"}),
        ("voicemail", {}),
        ("send_sms", {"text": "x"}),
        ("send_digits", {"digits": "1"}),
    ],
)
def test_what_the_line_refuses_is_told_and_so_is_that_there_is_none(
    name: str, args: dict[str, object]
) -> None:
    assert ask(name, Line("Not now."), **args)["error"] == "Not now."
    assert "no telephone line" in ask(name, None, **args)["error"]


def test_other_tools_are_made_elsewhere() -> None:
    tenant: Tenant = parse_tenant(FILE, "a.yaml")
    assert line_function("current_time", tenant) is None
