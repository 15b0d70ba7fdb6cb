"""`seamline check`: every problem of every tenant's file, before a call is answered."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import typer

from agent.errors import ConfigError
from agent.service.settings import Settings, load_settings
from agent.service.tenant_files import load_tenants
from agent.tenants.tree import ProblemLine


def run_check(paths: Sequence[Path], config: Path | None, *, as_json: bool) -> int:
    """Check files of tenants, or all of a folder, and the functions they name.

    Args:
        paths: folders and files; none stands for the folder of the service's file.
        config: the service's file, which says where the functions are.
        as_json: print a list of objects for machines, and nothing else.

    Returns:
        1 if there is a problem, else 0.

    Raises:
        ConfigError: there is nothing to check under a path.
    """
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{path}: there is no such file or folder")
    tenants, problems = check(paths, config)
    if as_json:
        typer.echo(json.dumps([_entry(problem) for problem in problems], indent=2))
    elif problems:
        typer.echo("\n".join(problems))
        _count(problems)
    else:
        typer.echo(f"{_n(tenants, 'tenant')}, no problems")
    return int(bool(problems))


def check(paths: Sequence[Path], config: Path | None) -> tuple[int, tuple[str, ...]]:
    """How many tenants there are, and every problem of their files."""
    try:
        settings = load_settings(config)
    except ConfigError as error:
        if not any(isinstance(problem, ProblemLine) for problem in error.problems):
            raise  # not of the file's text: it is not there, or the environment is wrong
        return 0, error.problems
    tenants, problems = 0, list[str]()
    for group in _groups(paths, settings):
        try:
            ready = load_tenants(
                group,
                [settings.functions],
                surface=settings.gemini.surface,
                project=settings.gemini.project,
                location=settings.gemini.location,
            )
            tenants += len(ready.by_name)
        except ConfigError as error:
            problems += error.problems
    return tenants, tuple(problems)


def _groups(paths: Sequence[Path], settings: Settings) -> Iterable[Path | Sequence[Path]]:
    """What is checked together: no two tenants of a group may claim the same name or number."""
    if not paths:
        return [settings.tenants]
    files = [path for path in paths if not path.is_dir()]
    return [*(path for path in paths if path.is_dir()), *([files] if files else [])]


def _entry(problem: str) -> Mapping[str, object]:
    """A problem for machines; one of a whole folder has neither line nor column."""
    if not isinstance(problem, ProblemLine):
        return {"file": None, "line": None, "column": None, "field": "", "message": problem}
    found = problem.problem
    return {
        "file": problem.path,
        "line": found.line,
        "column": found.column,
        "field": found.field,
        "message": found.message,
    }


def _count(problems: Sequence[str]) -> None:
    files = {problem.path for problem in problems if isinstance(problem, ProblemLine)}
    where = f" in {_n(len(files), 'file')}" if files else ""
    typer.echo(f"{_n(len(problems), 'problem')}{where}", err=True)


def _n(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
