"""`seamline new tenant`: a file to begin with, which passes the check as it is."""

import os
from pathlib import Path

import typer
from pydantic import TypeAdapter, ValidationError

from agent.errors import ConfigError
from agent.service.settings import Settings, load_settings
from agent.service.tenant_files import load_tenants
from agent.tenants.parse import read_model
from agent.tenants.scalars import NumberPattern
from agent.tenants.tenant import Name, Tenant

SCHEMA = "tenant.schema.json"
MODELINE = "# yaml-language-server: $schema={schema}\n"
FILE = """\
# {name}: one business, its telephone numbers and the agent that answers them.
#   seamline check                 finds every mistake in this file
#   seamline explain {number}
# A running service takes a change over for the next call. Lines that begin with # are examples.

tenant: {name}              # small letters, digits and hyphens; appears in logs and records

numbers:                    # in international form; +1555* stands for all that begin so
  - {number}

agent:
  # voice: Kore             # one of the service's voices
  # language: en-US         # left out, the model follows the caller's language
  greeting: Hello, you have reached {title}. How can I help?     # said first, word for word
  instructions: |           # what the agent is, knows and does: write it as to a new colleague
    You answer the telephone of {title}.

    Speak in short sentences, as on the telephone. If you do not know something, say so. When the
    caller wants nothing more, say goodbye and end the call.

hours:
  timezone: UTC             # such as Europe/Rome; the agent is told the date and time there
  # open: {{mon-fri: 9:00-18:00}}     # left out, the agent answers at all hours
  # closed: {{say: We are open from Monday to Friday.}}

tools:                      # what the agent may do besides talking
  - builtin: end_call       # hang up after its last words
  # - python: shop.order_status       # a function in the folder of functions
  #   timeout: 5s

limits:
  call: 20m                 # longest call; the agent says goodbye shortly before
  concurrent: 10            # most calls at one time

# spending:                 # what calls may cost; set your own prices first (docs/cost.md)
#   per_call: 2 USD         # the agent says goodbye shortly before
#   per_day: 40 USD         # then no further call is taken that day
record:
  audio: no                 # yes writes a stereo recording: tell your callers first (consent)
  # keep: 30d               # recordings older than this are deleted
"""


def run_new_tenant(name: str, number: str, config: Path | None, tenants: Path | None) -> None:
    """Write the file of a new tenant, and say what to do next.

    Raises:
        ConfigError: the name or the number is none, or taken, or the file is there already;
            nothing was written.
    """
    _see_that_they_can_be(name, number)
    settings = load_settings(config, tenants=tenants)
    path = settings.tenants / f"{name}.yaml"
    text = starting_file(name, number, _schema_for(settings.tenants))
    read = read_model(text, str(path), Tenant)
    if path.exists():
        raise ConfigError(f"{path} is there already; nothing was written")
    _see_that_it_is_free(read.model, settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    typer.echo(f"{path} is written. Say in it who answers; then: seamline check")


def starting_file(name: str, number: str, schema: str | None = None) -> str:
    """The text of the file.

    Args:
        schema: where the schema is, as seen from the file, for editors that read it.
    """
    title = name.replace("-", " ").title()
    text = FILE.format(name=name, number=number, title=title)
    return text if schema is None else MODELINE.format(schema=schema) + text


def _see_that_they_can_be(name: str, number: str) -> None:
    """Refuse what was typed before it becomes the text of a file, where it might mean more."""
    problems = list[str]()
    names: TypeAdapter[str] = TypeAdapter(Name)
    numbers: TypeAdapter[str] = TypeAdapter(NumberPattern)
    for given, kind, value in (("NAME", names, name), ("--number", numbers, number)):
        try:
            kind.validate_python(value)
        except ValidationError as error:
            problems += (f"{given}: {found['ctx']['error']}" for found in error.errors())
    if problems:
        raise ConfigError(*problems)


def _see_that_it_is_free(tenant: Tenant, settings: Settings) -> None:
    """Refuse a name or a number that another tenant has; other files' mistakes are left alone."""
    if not settings.tenants.is_dir():
        return
    try:
        ready = load_tenants(settings.tenants, [settings.functions])
    except ConfigError:
        return  # nobody can be asked; seamline check tells
    if tenant.tenant in ready.by_name:
        taken = ready.directory.files[tenant.tenant].path
        raise ConfigError(f"{tenant.tenant} is the name in {taken}; nothing was written")
    for number in tenant.numbers:
        if number in ready.directory.numbers:
            owner = ready.directory.numbers[number]
            raise ConfigError(f"{number} is a number of {owner}; nothing was written")


def _schema_for(folder: Path) -> str | None:
    """The schema's place as seen from the folder, if it lies beside it."""
    return os.path.join("..", SCHEMA) if (folder.parent / SCHEMA).is_file() else None
