"""The service's file as an operator may have written it, and what comes of it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.settings import Settings, load_settings

PLAIN = "calls: 200\n"
SECRETS = {"GEMINI_API_KEY": "AIza-secret", "TWILIO_AUTH_TOKEN": "old-secret, new-secret,"}


def load(
    folder: Path,
    text: str = PLAIN,
    environment: Mapping[str, str] | None = None,
    **options: str | bool,
) -> Settings:
    file = folder / "service.yaml"
    file.write_text(text)
    return load_settings(file, environment or {}, **options)  # type: ignore[arg-type]


def problems_of(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, environment)
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]
