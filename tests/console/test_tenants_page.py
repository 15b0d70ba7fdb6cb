"""The tenants in a browser: what is taken over, and what is refused with its place."""

import re
from pathlib import Path

from playwright.async_api import expect

from tests.console.browser import require_chromium
from tests.console.pages import MARKS, Scene, with_a_browser
from tests.service.house import SHOP

require_chromium()
pytestmark = MARKS


def test_a_reload_that_is_refused_is_shown_with_its_place_and_one_that_is_not_as_well(
    tmp_path: Path,
) -> None:
    async def test(scene: Scene) -> None:
        page = await scene.console("tenants")
        await expect(page.locator("#tenant-rows tr")).to_have_count(2)
        (tmp_path / "shop.yaml").write_text("tenant: shop\nnumbers: [<b>5</b>]\n")
        await expect(page.locator("#refused")).to_contain_text(re.compile(r"shop\.yaml:2:11.*<b>"))
        await expect(page.locator("#tenant-rows tr")).to_have_count(2)
        (tmp_path / "shop.yaml").write_text(SHOP.replace("tenant: shop", "tenant: kiosk"))
        await expect(page.locator("#tenant-rows")).to_contain_text("kiosk")
        await expect(page.locator("#refused-part")).to_be_hidden()

    with_a_browser(tmp_path, test, reload=True)
