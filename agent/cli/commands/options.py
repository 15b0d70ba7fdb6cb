"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Tenants = Annotated[Path | None, typer.Option(help="Folder of tenant files.")]
Config = Annotated[
    Path | None, typer.Option(help="The service's file; config/service.yaml if there is one.")
]
GeminiUrl = Annotated[
    str | None,
    typer.Option(help="Replaces scheme, host and port of the model's service."),
]
