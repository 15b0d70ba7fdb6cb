"""A caller whom nobody took: where the carrier has the call, and what the agent is told."""

from agent.service.twilio_rest import CallResource
from tests.service.passing import CALL, House

WENT = CallResource(CALL, "in-progress")
TOLD = "The caller could not be connected with owner: {why}."


def told(house: House) -> str:
    text = house.transfers.tell(CALL)
    assert text is not None
    return text.partition(" The caller is back")[0]
