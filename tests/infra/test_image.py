"""The production image and its compose file, as far as they can be judged without building."""

import asyncio
import fnmatch
import json
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.service.house import house
from tests.support.patient_loop import run_on_loopback

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text())
SERVICE: dict[str, Any] = COMPOSE["services"]["seamline"]
FINAL = "final"
STAND_INS = {"espeakng-loader", "pocketsphinx"}
NOT_HANDED_ON = {"SEAMLINE_DATA", "SEAMLINE_GEMINI_URL", "SEAMLINE_TWILIO_URL"}
"""The image's own, and the addresses of stand-ins."""

type Step = tuple[str, str]


@cache
def stages() -> dict[str, list[Step]]:
    """The Dockerfile: the steps of each stage, an instruction and its words."""
    text = (ROOT / "Dockerfile").read_text()
    joined = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    found: dict[str, list[Step]] = {}
    for line in filter(str.strip, joined.splitlines()):
        instruction, _, words = line.partition(" ")
        if instruction == "FROM":
            image, _, name = words.partition(" AS ")
            steps = found[name] = [("FROM", image)]
        else:
            steps.append((instruction, " ".join(words.split())))
    return found


def words_of(stage: str, instruction: str) -> list[str]:
    """What a stage says by one instruction."""
    return [words for name, words in stages()[stage] if name == instruction]


def patterns(file: str) -> set[str]:
    lines = (ROOT / file).read_text().splitlines()
    return {line.strip("/").removeprefix("**/") for line in lines if line and line[0] != "#"}


def locked(name: str) -> set[str]:
    """The distributions of a file of requirements."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return set(re.findall(r"^([a-z0-9-]+)==", text, flags=re.MULTILINE))


# The image


def test_the_last_stage_is_the_one_that_runs() -> None:
    assert list(stages()) == ["build", "test", FINAL]
    assert {words_of(stage, "FROM")[0] for stage in stages()} == {"python:3.13-slim"}


def test_every_distribution_is_installed_by_its_hash_and_nothing_by_the_way() -> None:
    installs = [words for words in words_of("build", "RUN") if "pip install" in words]
    assert len(installs) == 2
    for words in installs:
        assert "--require-hashes -r requirements/" in words or words.endswith("--no-deps .")


@pytest.mark.parametrize("name", ["base", "full"])
def test_what_the_image_can_hold_is_locked_and_without_the_stand_ins(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    for requirement in re.split(r"\n(?! )", text.strip()):
        assert "--hash=sha256:" in requirement
    assert locked("base") <= locked(name)
    assert not locked(name) & STAND_INS
    assert not locked(name) & {"pytest", "scipy", "soxr", "mypy"}


def test_the_final_image_gets_no_compiler_and_no_tools_of_its_own() -> None:
    for words in words_of(FINAL, "RUN"):
        assert not re.search(r"apt|pip|curl|wget|gcc", words)
    copied = words_of(FINAL, "COPY")
    assert copied == ["--from=build /opt/seamline /opt/seamline", "config /etc/seamline"]


def test_it_runs_as_somebody_with_no_rights_and_a_folder_to_write_to() -> None:
    (made,) = words_of(FINAL, "RUN")
    assert words_of(FINAL, "USER") == ["10001"]
    assert "useradd --no-log-init --uid 10001" in made
    assert "install -d -o seamline -g seamline -m 0700 /var/lib/seamline" in made
    assert "SEAMLINE_DATA=/var/lib/seamline" in words_of(FINAL, "ENV")[0]
    names = [name for name, _ in stages()[FINAL]]
    assert names.index("USER") < names.index("ENTRYPOINT")


def test_everything_that_a_stage_copies_is_there_and_not_left_out() -> None:
    left_out = patterns(".dockerignore")
    for stage in stages():
        for words in words_of(stage, "COPY"):
            if words.startswith("--from"):
                continue
            for source in shlex.split(words.replace("${REQUIREMENTS}", "base"))[:-1]:
                assert (ROOT / source).exists(), source
                parts = Path(source).parts
                assert not any(fnmatch.fnmatch(p, one) for p in parts for one in left_out), source


def test_nothing_that_is_made_here_or_secret_gets_into_a_layer() -> None:
    assert patterns(".gitignore") <= patterns(".dockerignore")
    assert {".git", ".env*", "var", "calls"} <= patterns(".dockerignore")


def test_the_command_is_one_that_the_program_has() -> None:
    (entry,), (command,) = words_of(FINAL, "ENTRYPOINT"), words_of(FINAL, "CMD")
    assert json.loads(entry) == ["seamline"]
    arguments = json.loads(command)
    assert arguments[0] == "serve"
    assert arguments[arguments.index("--port") + 1] == words_of(FINAL, "EXPOSE")[0]
    assert (ROOT / "config" / Path(arguments[arguments.index("--config") + 1]).name).exists()
    shown = subprocess.run(
        [sys.executable, "-m", "agent", "serve", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=50,
    ).stdout  # fmt: skip
    assert {word for word in arguments if word.startswith("--")} <= set(
        re.findall(r"--[a-z-]+", shown)
    )


ONLY_WITH = """
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from pkgutil import walk_packages

ALLOWED = {*sys.argv[1].split(), "seamline"}
OF = packages_distributions()


class NotInTheImage:
    def find_spec(name, path, target=None):
        of = {one.lower().replace("_", "-") for one in OF.get(name, ())}
        if of and not of & ALLOWED:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)


sys.meta_path.insert(0, NotInTheImage)
"""
SERVE = """
import agent.cli, agent.store.store
sys.argv = ["seamline", "serve", "--config", "config/service.yaml"]
agent.cli.main()
"""
IMPORT_ALL = """
import agent
LEFT_OUT = ("__", "sim", "testing", "cli", "audio.design", "store.migrations.env")
for found in walk_packages(agent.__path__, "agent."):
    if not found.name.removeprefix("agent.").startswith(LEFT_OUT):
        import_module(found.name)
"""


@pytest.mark.parametrize(
    ("name", "program", "code", "says"),
    [
        ("base", SERVE, 2, "seamline: GEMINI_API_KEY is not set: export it"),
        ("full", IMPORT_ALL, 0, ""),
        ("base", "import pocketsphinx\n", 1, "pocketsphinx is not in the image"),
    ],
)
def test_the_service_needs_only_what_the_image_has(
    name: str, program: str, code: int, says: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ONLY_WITH + program, " ".join(locked(name))],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=50,
        env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert says in done.stderr


async def health(command: list[str]) -> int:
    """The exit code of the image's check."""
    words = [sys.executable, *command[1:]]
    done = await asyncio.to_thread(subprocess.run, words, stderr=subprocess.DEVNULL, check=False)
    return done.returncode


@pytest.mark.socket
def test_the_health_check_tells_a_service_that_answers_from_none(tmp_path: Path) -> None:
    (words,) = words_of(FINAL, "HEALTHCHECK")
    check = words.partition("CMD ")[2]
    assert json.loads(check)[0] == "python"
    assert "127.0.0.1:8080/" in check

    async def main() -> None:
        async with house(tmp_path, "ws://127.0.0.1:1") as home:
            command = json.loads(check.replace("http://127.0.0.1:8080", home.origin))
            assert await health(command) == 0
        assert await health(command) != 0

    run_on_loopback(main())


# The compose file


def test_compose_builds_the_final_stage_and_publishes_on_loopback_only() -> None:
    assert SERVICE["build"]["target"] == FINAL
    assert (ROOT / "infra" / SERVICE["build"]["context"] / "Dockerfile").exists()
    assert SERVICE["build"]["args"] == {"REQUIREMENTS": "${REQUIREMENTS:-base}"}
    (port,) = words_of(FINAL, "EXPOSE")
    assert SERVICE["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_compose_gives_no_more_than_the_service_needs() -> None:
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert SERVICE["volumes"] == ["../config:/etc/seamline:ro", "data:/var/lib/seamline"]
    assert "data" in COMPOSE["volumes"]
    assert int(SERVICE["stop_grace_period"].removesuffix("s")) >= 20, "docs/operating.md, Stopping"


def test_compose_hands_on_every_variable_that_the_service_reads() -> None:
    table = (ROOT / "docs" / "operating.md").read_text().partition("| Variable | Meaning |")[2]
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", table.partition("\n\n")[0], re.MULTILINE))
    assert {"GEMINI_API_KEY", "SEAMLINE_API_TOKEN"} <= documented
    assert set(SERVICE["environment"]) == documented - NOT_HANDED_ON


def test_compose_says_what_must_be_set_and_keeps_no_secret() -> None:
    for name, value in SERVICE["environment"].items():
        assert value is None or re.fullmatch(r"\$\{" + name + r":?\?set \w+[^}]*\}", value)
    required = {name for name, value in SERVICE["environment"].items() if value}
    assert required == {"GEMINI_API_KEY", "TWILIO_AUTH_TOKEN", "SEAMLINE_PUBLIC_URL"}
