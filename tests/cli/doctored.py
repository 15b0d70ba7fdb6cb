"""What `seamline doctor` looks at in these tests, and its findings by name."""

from pathlib import Path

from agent.cli.finding import Finding

SECRETS = {
    "GEMINI_API_KEY": "AIza-secret-value",
    "TWILIO_AUTH_TOKEN": "another-secret-value",
    "SEAMLINE_API_TOKEN": "a-third-secret-value",
    "SEAMLINE_PUBLIC_URL": "https://voice.example.com",
}
FILE = "tenant: bella\nnumbers: [+15550100100]\nagent: {instructions: Be kind.}\n"


def a_service(folder: Path, lines: str = "", tenant: str = FILE) -> Path:
    (folder / "tenants").mkdir()
    (folder / "functions").mkdir()
    (folder / "tenants" / "bella.yaml").write_text(tenant)
    (folder / "service.yaml").write_text(f"data: data\n{lines}")
    return folder / "service.yaml"


def named(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}
