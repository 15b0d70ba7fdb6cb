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
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
PUBLIC_URL = typer.Option(help="Origin as the carrier sees it: https://voice.example.com")
"""Some commands can do without."""
Reload = Annotated[
    bool, typer.Option(help="Take over changed files of tenants and functions at once.")
]
