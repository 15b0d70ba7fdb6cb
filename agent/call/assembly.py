"""The parts of a call, made and joined; without I/O."""

from dataclasses import dataclass

from agent.call.bargein import BargeIn
from agent.call.conversation import Conversation
from agent.call.cost import Meter
from agent.call.cover import Cover
from agent.call.errands import Errands
from agent.call.keeping import Keeping
from agent.call.life import Life
from agent.call.model_side import ModelSide
from agent.call.outgoing import Outgoing
from agent.call.phone_side import PhoneSide
from agent.call.playout import Playout
from agent.call.policy import CallPlan
from agent.call.seam import Seam
from agent.call.shield import Shield
from agent.call.sound import Sound
from agent.call.spending import Spending
from agent.call.summary import Facts
from agent.call.timeline import Timeline
from agent.call.uplink import Uplink
from agent.gemini.session import LiveSession
from agent.telephony.leg import PhoneLeg


@dataclass(frozen=True, slots=True)
class Parts:
    """Those of one call; what each is for stands with it."""

    uplink: Uplink
    keeping: Keeping
    talk: Conversation
    errands: Errands
    seam: Seam
    life: Life
    facts: Facts
    phone: PhoneSide
    model_side: ModelSide
    outgoing: Outgoing


def assemble(
    plan: CallPlan,
    leg: PhoneLeg,
    session: LiveSession,
    timeline: Timeline,
    now: float,
    sound: Sound,
) -> Parts:
    """Make the parts of a call that begins now."""
    uplink = Uplink(plan.uplink_ms, sound.detector(), sound.up())
    cover = Cover(plan.cover)
    keeping = Keeping(
        timeline,
        records=plan.record,
        tells=plan.keeps,
        longest_pause_s=plan.longest_pause_s,
    )
    talk = Conversation(
        Playout(
            lead_ms=plan.lead_ms,
            message_ms=plan.message_ms,
            start_ms=plan.start_ms,
            cover=cover,
            resampler=sound.down(),
        ),
        BargeIn(plan.barge_in, plan.barge_in_after_ms / 1000, plan.protect_ms / 1000),
        timeline,
        session.reply_heard,
        keeping,
        Shield(plan.shield_s),
    )
    errands = Errands(
        session,
        timeline,
        budget_s=plan.tool_budget_s,
        end_call_tool=plan.end_call_tool,
        keys=plan.keys,
        keeping=keeping,
        pause_tool=plan.pause_tool,
        scheduling=plan.scheduling,
    )
    seam = Seam(session, talk, errands, cover, timeline, plan.watchdog)
    life = Life(plan, talk, errands, seam, timeline, now)
    meter = Meter(plan.prices)
    facts = Facts(meter=meter)
    spending = Spending(plan.spending, meter, life, session, timeline)
    model_side = ModelSide(talk, errands, life, seam, facts, spending, timeline)
    phone = PhoneSide(
        leg,
        session,
        uplink,
        talk,
        errands,
        seam,
        life,
        keeping,
        facts,
        timeline,
        consent=plan.consent is not None,
    )
    outgoing = Outgoing(phone, session, talk, errands, life, keeping)
    return Parts(uplink, keeping, talk, errands, seam, life, facts, phone, model_side, outgoing)
