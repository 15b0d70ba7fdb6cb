from agent.call.assembly import assemble
from agent.call.core import CallPlan
from agent.call.sound import REAL_SOUND
from agent.call.timeline import Timeline
from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession
from agent.gemini.setup import SetupOptions, build_setup
from agent.telephony.twilio.stream import MediaStream
from tests.call.line import MODEL


def test_the_parts_of_a_call_share_its_leg_and_its_first_effect_is_to_ask_for_nothing() -> None:
    session = LiveSession(build_setup(SetupOptions(model=MODEL)), profile_for(MODEL, "developer"))
    leg = MediaStream()
    plan = CallPlan("b", consent="We record.", max_call_s=60.0)
    parts = assemble(plan, leg, session, Timeline(5.0), 5.0, REAL_SOUND)
    assert parts.phone.leg is leg
    assert parts.outgoing.effects(5.0) == []
    assert not parts.life.aside.away
