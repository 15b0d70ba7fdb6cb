"""What the REST API answers with, and the forms it is asked with; without I/O."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from agent.sim.exchange.verbs import Callback

NOT_FOUND: Final = 20404
UNAUTHORISED: Final = 20003
TOO_MANY: Final = 20429
INVALID: Final = 20001

NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """An HTTP answer.

    Attributes:
        body: an object to be sent as JSON, or bytes as they are; None for none.
    """

    status: int
    body: Mapping[str, Any] | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The API does not do what it was asked."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.answer = refusal(status, code, message)


def refusal(status: int, code: int, message: str, **headers: str) -> RestAnswer:
    """An error in the carrier's form."""
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return RestAnswer(
        status, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )


class Form:
    """The fields of a request; a name may come several times."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def get(self, name: str, default: str = "") -> str:
        """The last value of this name."""
        values = self.all(name)
        return values[-1] if values else default

    def all(self, name: str) -> list[str]:
        """All values of this name."""
        return [value for given, value in self._pairs if given == name]

    def has(self, name: str) -> bool:
        """Whether the name was given."""
        return bool(self.all(name))

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A yes or no.

        Raises:
            Refused: it is neither.
        """
        given = self.get(name).lower()
        if given not in {"", "true", "false"}:
            raise Refused(400, INVALID, f"{name} must be true or false")
        return default if not given else given == "true"

    def seconds(self, name: str, default: float, most: float) -> float:
        """A number from 1 on.

        Raises:
            Refused: it is none.
        """
        given = self.get(name)
        if not given:
            return default
        if not re.fullmatch(r"\d{1,6}", given) or not 1 <= int(given) <= most:
            raise Refused(400, INVALID, f"{name} is invalid: {given}")
        return float(given)

    def callback(self, name: str, method: str | None = None) -> Callback | None:
        """A URL to be told or asked, with its method and events."""
        url = self.get(name)
        if not url:
            return None
        events = tuple(event for text in self.all(f"{name}Event") for event in text.split())
        given = self.get(method or f"{name}Method", "POST").upper()
        return Callback(url, "GET" if given == "GET" else "POST", events)
