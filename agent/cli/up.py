"""`seamline up`: one of the account's numbers is pointed at this service, which then serves."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from rich.console import Console
from yarl import URL

from agent.cli.serve import During
from agent.errors import ConfigError
from agent.service.number_webhooks import changes, present, undoing, wanted
from agent.service.reach import NotReached, check_reach, instance_key
from agent.service.service import Service, service_key
from agent.service.twilio_http import CarrierError
from agent.service.twilio_rest import NumberResource, TwilioRest
from agent.tenants.scalars import phone_number


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator wants.

    Attributes:
        number: to be pointed here.
        fallback_url: asked when we fail; None: we are asked again.
        dry_run: nothing is changed, and the command ends.
        restore: what was there before is put back at the end.

    Raises:
        ConfigError: it is no number, or no address.
    """

    number: str
    fallback_url: str | None
    dry_run: bool
    restore: bool

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "number", str(phone_number(self.number)))
        except ValueError as error:
            raise ConfigError(f"--number: {error}") from None
        if self.fallback_url is not None and URL(self.fallback_url).scheme != "https":
            raise ConfigError(f"--fallback-url {self.fallback_url}: must be https://...")


def pointing(wish: Wish) -> During:
    """Makes a wish true while the service serves."""

    def during(app: web.Application) -> AbstractAsyncContextManager[bool]:
        return _pointed(app, wish, Console(highlight=False, soft_wrap=True))

    return during


@asynccontextmanager
async def _pointed(app: web.Application, wish: Wish, console: Console) -> AsyncIterator[bool]:
    """Check, show, change; put back at the end if asked.

    Raises:
        ConfigError: something is not as it must be; nothing was changed.
    """
    show = partial(console.print, markup=False)
    service = app[service_key]
    rest, public_url = _needs(service, wish)
    try:
        await check_reach(public_url, app[instance_key])
    except NotReached as error:
        raise ConfigError(f"--public-url: not reached: {error}") from None
    show(f"{public_url} reaches this service")
    number = await _found(rest, wish.number)
    if await rest.is_trial():
        show(
            "the account is a trial: the carrier joins its calls to no stream, so nobody will talk"
        )
    before, then = present(number), wanted(public_url, wish.fallback_url)
    change = changes(before, then)
    done = {name: new for name, (_, new) in change.items()}
    for name, (old, new) in change.items():
        show(f"  {name}: {old or '-'}  ->  {new or '-'}")
    if not change:
        show(f"{wish.number} is pointed here already")
    if wish.dry_run:
        show("nothing was changed: --dry-run")
        yield False
        return
    try:
        if change:
            await _set(rest, number.sid, done)
            show(f"{wish.number} is pointed here")
        yield True
    finally:
        if wish.restore and change:
            await _put_back(rest, wish.number, done, before, console)


def _needs(service: Service, wish: Wish) -> tuple[TwilioRest, str]:
    problems = []
    if service.rest is None:
        problems.append(
            "TWILIO_ACCOUNT_SID is not set: export it, and TWILIO_AUTH_TOKEN or TWILIO_API_KEY "
            "and TWILIO_API_SECRET"
        )
    if service.tenants.for_number(wish.number) is None:
        problems.append(f"--number {wish.number}: no tenant answers it; add it to its numbers")
    if problems or service.rest is None:
        raise ConfigError(*problems)
    return service.rest, service.settings.public_url or ""


async def _found(rest: TwilioRest, wanted: str) -> NumberResource:
    try:
        number = await rest.number(wanted)
    except CarrierError as error:
        raise _told(error) from None
    if number is None:
        raise ConfigError(f"--number {wanted}: the account has no such number")
    if number.trunk_sid:
        raise ConfigError(
            f"--number {wanted}: it belongs to the SIP trunk {number.trunk_sid}, and nobody is "
            "asked what to do with its calls; take it off the trunk first"
        )
    return number


async def _set(rest: TwilioRest, sid: str, fields: Mapping[str, str]) -> None:
    try:
        await rest.set_number(sid, fields)
    except CarrierError as error:
        raise _told(error) from None


async def _put_back(
    rest: TwilioRest,
    wanted: str,
    done: Mapping[str, str],
    before: Mapping[str, str],
    console: Console,
) -> None:
    """Undo, but for what somebody else has changed; say what could not be undone."""
    try:
        number = await rest.number(wanted)
        if number is None:
            raise CarrierError("the account has no such number any more", unclear=False)
        fields = undoing(number, done, before)
        if fields:
            await rest.set_number(number.sid, fields)
        console.print(f"{wanted}: put back {', '.join(fields) or 'nothing'}", markup=False)
    except CarrierError as error:
        console.print(f"{wanted} could not be put back: {error}; it was:", markup=False)
        for name, value in before.items():
            console.print(f"  {name}: {value or '-'}", markup=False)


def _told(error: CarrierError) -> ConfigError:
    """What to do about a refusal of the carrier."""
    if error.status == 401:
        return ConfigError(
            "the carrier does not take the credentials: look at TWILIO_ACCOUNT_SID and "
            "TWILIO_AUTH_TOKEN, or TWILIO_API_KEY and TWILIO_API_SECRET"
        )
    if error.unclear and not str(error).startswith("GET"):
        return ConfigError(f"{error}: it may have been done all the same; look, and try again")
    return ConfigError(f"the carrier: {error}")
