"""The built-in tools that do something with the telephone line, or over the carrier's other ways.

They check what the model wants and say it in the line's own terms; whoever runs the call performs
it (`agent.tools.control.CallControl`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from agent.errors import ToolError
from agent.tenants.scalars import phone_number
from agent.tenants.tenant import Tenant
from agent.tenants.transfers import Transfer
from agent.tools.context import CallContext
from agent.tools.control import CallControl

LINE_TIMEOUT_S = 12.0
"""The carrier has ten seconds for a request."""
LONGEST_SUMMARY = 600
MOST_KEYS = 40

_KEYS = re.compile(r"[0-9*#A-DwW]*[0-9*#A-D][0-9*#A-DwW]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def line_function(name: str, tenant: Tenant) -> Callable[..., Any] | None:
    """The function of one of these tools, made for a tenant; None: it is none of them."""
    make = _MAKERS.get(name)
    return None if make is None else make(tenant)


def _line(context: CallContext) -> CallControl:
    if context.control is None:
        raise ToolError("There is no telephone line here: it was not done.")
    return context.control


def _transfer(tenant: Tenant) -> Callable[..., Any]:
    targets = tenant.transfers

    async def transfer(target: str, context: CallContext, summary: str = "") -> dict[str, str]:
        chosen = targets[target]
        line = _line(context)
        said = " ".join(_CONTROL.sub(" ", summary).split())
        if chosen.how == "warm" and not said:
            raise ToolError(
                f"{target} takes a call only with a summary: call this again with one.",
                retryable=True,
            )
        if len(said) > LONGEST_SUMMARY:
            raise ToolError(
                f"The summary is longer than {LONGEST_SUMMARY} characters: shorten it.",
                retryable=True,
            )
        await line.transfer(target, said)
        return {"status": "connecting", "instructions": words_before(chosen)}

    transfer.__doc__ = _transfer_words(targets)
    transfer.__annotations__["target"] = Literal[tuple(targets)]
    return transfer


def _transfer_words(targets: Mapping[str, Transfer]) -> str:
    about = "; ".join(
        f"{name}: {target.about}" if target.about else name for name, target in targets.items()
    )
    warm = [name for name, target in targets.items() if target.how == "warm"]
    summary = (
        f"Who calls and what for, in two or three sentences: {', '.join(warm)} will hear it first."
        if warm
        else "Leave it out: nobody would hear it."
    )
    return (
        "Connect the caller with somebody else. When it does not come about, the caller is back "
        "with you and you are told why.\n\nArgs:\n"
        f"    target: Whom. {' '.join(about.split())}.\n"
        f"    summary: {summary}\n"
    )


def words_before(target: Transfer) -> str:
    """What the agent is told to say before it passes a caller on."""
    if target.say is not None:
        words = target.say.replace('"', "'")
        return f'Say exactly: "{words}" Nothing else: the caller is then connected.'
    return (
        "Say in one short sentence that you connect the caller now, and nothing else: "
        "the caller is then connected."
    )


def _voicemail(tenant: Tenant) -> Callable[..., Any]:
    async def voicemail(context: CallContext) -> dict[str, str]:
        """Let the caller speak a message on a recording; the call ends with it."""
        await _line(context).voicemail()
        return {
            "status": "connecting",
            "instructions": "Say a short goodbye, and that a message can be left after the tone.",
        }

    return voicemail


def _send_sms(tenant: Tenant) -> Callable[..., Any]:
    longest = tenant.sms.longest
    others = bool(tenant.sms.to)

    async def send_sms(text: str, context: CallContext, to: str | None = None) -> dict[str, str]:
        line = _line(context)
        body = _CONTROL.sub(" ", text).strip()
        if not body:
            raise ToolError("The message is empty.", retryable=True)
        if len(body) > longest:
            raise ToolError(
                f"The message is longer than {longest} characters: shorten it.", retryable=True
            )
        number = None
        if to is not None and to.strip():
            try:
                number = str(phone_number(to))
            except ValueError:
                raise ToolError(
                    "That is no number with its country code, as +15550100100.", retryable=True
                ) from None
        await line.send_sms(number, body)
        return {"status": "sent"}

    whom = (
        "Leave it out for the number that the caller calls from; else a number with its country "
        "code, as +15550100100."
        if others
        else "Leave it out: messages go to the number that the caller calls from."
    )
    send_sms.__doc__ = (
        "Send a text message (SMS). Say that it was sent only once this has succeeded.\n\nArgs:\n"
        f"    text: At most {longest} characters.\n    to: {whom}\n"
    )
    return send_sms


def _send_digits(tenant: Tenant) -> Callable[..., Any]:
    async def send_digits(digits: str, context: CallContext) -> dict[str, str]:
        """Dial on the line, for a machine at the other end that asks for keys.

        Args:
            digits: Digits, * and #; w waits for half a second and W for a second, as 1w2#.
        """
        keys = re.sub(r"[\s,.-]", "", digits)
        if len(keys) > MOST_KEYS or not _KEYS.fullmatch(keys):
            raise ToolError(
                f"Nothing was dialled: give 1 to {MOST_KEYS} of 0-9, *, #, A-D, w and W.",
                retryable=True,
            )
        await _line(context).send_digits(keys)
        return {"status": "dialled", "instructions": "Wait for what the other side says."}

    return send_digits


_MAKERS: Mapping[str, Callable[[Tenant], Callable[..., Any]]] = {
    "transfer": _transfer,
    "voicemail": _voicemail,
    "send_sms": _send_sms,
    "send_digits": _send_digits,
}
