"""Signing in to the school's side in a browser: the password, then the code of the telephone where it is asked."""

from __future__ import annotations

import time

from playwright.sync_api import Page

from demo.code import code_of
from tests.browser.conftest import PASSWORD, Product


def sign_in_staff(page: Page, product: Product, login: str) -> None:
    """Enter the school's side as this person of the demonstration; a code serves once in thirty seconds."""
    page.goto(f"{product.site}/admin/login/?next=/admin/")
    page.locator("#id_username").fill(login)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_load_state()
    if page.locator("#id_code").count():
        page.locator("#id_code").fill(code_of(login, at=time.time()))
        page.get_by_role("button", name="Vérifier").click()
    page.wait_for_url(f"{product.site}/admin/")
