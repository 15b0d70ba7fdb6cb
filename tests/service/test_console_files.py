"""The pages and what they load: what is served, as what, and for how long."""

import re
from pathlib import Path

import pytest

from agent.service.console_files import FOLDER, POLICY, TYPES, read_files
from tests.service.console_house import TOKEN, Desk, at_the_desk

pytestmark = pytest.mark.socket


def test_a_page_is_asked_for_each_time_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        for path in ("/console/", "/phone"):
            response = await desk.ask("GET", path)
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/html; charset=utf-8"
            assert response.headers["Cache-Control"] == "no-cache"
            assert response.headers["Content-Security-Policy"] == POLICY
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "microphone=(self)" in response.headers["Permissions-Policy"]

    at_the_desk(tmp_path, test)


def test_what_a_page_loads_is_served_with_its_type_and_kept_for_good(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        page = await (await desk.ask("GET", "/console/")).text()
        links = re.findall(r'(?:src|href)="(/console/assets/[^"]+)"', page)
        assert {Path(link).suffix for link in links} == {".js", ".css", ".svg"}
        for link in links:
            response = await desk.ask("GET", link)
            assert response.status == 200
            assert response.content_type == TYPES[Path(link).suffix]
            assert "immutable" in response.headers["Cache-Control"]

    at_the_desk(tmp_path, test)


def test_files_of_another_version_or_another_name_are_not_there(tmp_path: Path) -> None:
    digest = read_files().digest

    async def test(desk: Desk) -> None:
        for path in (
            "/console/assets/0123456789abcdef/api.js",
            f"/console/assets/{digest}/console.html",
            f"/console/assets/{digest}/missing.js",
            f"/console/assets/{digest}/..%2f..%2ferrors.py",
            f"/console/assets/{digest}/",
        ):
            assert (await desk.ask("GET", path)).status == 404, path

    at_the_desk(tmp_path, test)


def test_the_root_leads_to_the_console(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        for path in ("/", "/console"):
            response = await desk.ask("GET", path)
            assert (response.status, response.headers["Location"]) == (303, "/console/")

    at_the_desk(tmp_path, test)


def test_without_a_token_there_is_no_console(tmp_path: Path) -> None:
    digest = read_files().digest

    async def test(desk: Desk) -> None:
        for path in ("/", "/console/", "/phone", f"/console/assets/{digest}/api.js"):
            assert (await desk.ask("GET", path)).status == 404, path

    at_the_desk(tmp_path, test, insecure_local=False)


def test_with_a_token_the_pages_themselves_are_open(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        assert (await desk.ask("GET", "/console/")).status == 200

    at_the_desk(tmp_path, test, insecure_local=False, api_token=TOKEN)


def test_a_changed_file_changes_the_name_of_all(tmp_path: Path) -> None:
    for name in ("one.js", "two.js"):
        (tmp_path / name).write_text("1")
    (tmp_path / "page.html").write_text('<script src="{{assets}}/one.js">')
    (tmp_path / "notes.txt").write_text("not served")
    before = read_files(tmp_path)
    (tmp_path / "two.js").write_text("2")
    after = read_files(tmp_path)
    assert before.digest != after.digest
    assert after.pages["page.html"] == f'<script src="/console/assets/{after.digest}/one.js">'
    assert set(after.assets) == {"one.js", "two.js"}


def test_pages_have_no_script_or_style_of_their_own_and_name_no_other_host() -> None:
    for path in FOLDER.iterdir():
        text = path.read_text()
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), path
        if path.suffix == ".html":
            assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", text), path
        if path.suffix == ".js":
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\b", text), path
            assert len(text.splitlines()) < 300, path


def test_every_file_is_in_the_package() -> None:
    pyproject = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert '"console/*"' in pyproject
    assert {path.suffix for path in FOLDER.iterdir()} <= set(TYPES)
