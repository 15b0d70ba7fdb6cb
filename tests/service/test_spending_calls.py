"""Calls of a tenant whose money is spent, over real sockets."""

from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import fromstring

import aiohttp
import pytest

from agent.call import prompts
from agent.call.report import CallReport
from agent.service.running import RunningCall
from agent.service.spending_file import FILE_NAME, SpendingFile, SpentCall
from tests.service.house import CALLER, NUMBER, SHOP, House, house
from tests.service.model_side import END_OF_TURN, ModelSide, audio, fake_model, text_in
from tests.service.phone_side import phone_side
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

MILLION = {"usageMetadata": {"promptTokenCount": 1_000_000, "promptTokensDetails": []}}


class Ended:
    """Keeps the reports of calls that are over."""

    def __init__(self) -> None:
        self.reports: list[CallReport] = []

    def began(self, running: RunningCall) -> None:
        pass

    def ended(self, running: RunningCall, report: CallReport) -> None:
        self.reports.append(report)


async def dear(side: ModelSide) -> None:
    """Greets, which takes a million tokens, and says good-bye when it is asked to."""
    await side.set_up()
    await side.until(lambda message: text_in(message) is not None)
    await side.send(audio(0.5), END_OF_TURN[0], END_OF_TURN[1] | MILLION)
    await side.until(lambda message: text_in(message) == prompts.WRAP_UP)
    await side.send(audio(0.5), *END_OF_TURN)
    await side.until_closed()


async def ask(home: House) -> str:
    """What the webhook has the next caller hear."""
    form = {"CallSid": "CA9", "From": CALLER, "To": NUMBER}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{home.origin}/twilio/voice", data=form) as response,
    ):
        return fromstring(await response.text()).findtext("Say", "")


@pytest.mark.parametrize(
    "spending",
    ["per_call: 2 USD", "per_day: 2 USD", "per_call: 5 USD, warn_at: 50%, on_call_limit: compress"],
)
def test_a_call_ends_politely_when_its_money_is_spent(tmp_path: Path, spending: str) -> None:
    async def main() -> None:
        async with (
            fake_model(dear) as model,
            house(tmp_path, model.url, ended := Ended()) as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            (tmp_path / "shop.yaml").write_text(f"{SHOP}spending: {{{spending}}}\n")
            await home.service.tenant_store.reload()
            assert await ask(home) == ""
            await phone.open()
            assert await phone.closed == 1000
            await home.quiet(5.0)
            [report] = ended.reports
            assert report.outcome == "spent"
            assert report.cost.total > 2
            assert report.usage.input == {"OTHER": 1_000_000}
            if "per_day" in spending:
                assert "busy" in await ask(home)
                assert home.service.counters["refused_spent"] == 1

    run_on_loopback(main())


def test_a_day_that_was_spent_before_a_restart_has_words_for_callers(tmp_path: Path) -> None:
    async def main() -> None:
        today = datetime.now(UTC).date().isoformat()
        file = SpendingFile(tmp_path / FILE_NAME)
        await file.exchange([SpentCall("MZ0", "shop", today, 2_000_000)], today)
        await file.close()
        async with house(tmp_path, "ws://127.0.0.1:1") as home:
            limits = "limits: {overflow: {say: Tomorrow.}}\nspending: {per_day: 2 USD}\n"
            text = SHOP.replace("limits: {concurrent: 2}\n", limits)
            (tmp_path / "shop.yaml").write_text(text)
            await home.service.tenant_store.reload()
            assert await ask(home) == "Tomorrow."

    run_on_loopback(main())
