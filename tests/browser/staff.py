"""Signing in to the school's side in a browser: the password, then the code of the second factor where it is asked."""

from __future__ import annotations

import base64

from django_otp.oath import totp
from playwright.sync_api import Page

from tests.browser.conftest import PASSWORD, Product


def sign_in_staff(page: Page, product: Product, login: str) -> None:
    """Enter the school's side for the first time, and turn the second factor on if the page asks for it."""
    page.goto(f"{product.site}/admin/login/?next=/admin/")
    page.locator("#id_username").fill(login)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_load_state()
    if page.locator(".sign-in-key").count():
        page.locator("#id_code").fill(code_of(page.locator(".sign-in-key").inner_text()))
        page.get_by_role("button", name="Activer").click()
        page.get_by_role("link", name="J’ai gardé mes codes, continuer").click()
    page.wait_for_url(f"{product.site}/admin/")


def code_of(key: str) -> str:
    """Return the six digits that an application shows now for this key, given as the page spells it."""
    letters = key.replace(" ", "").replace("\u00a0", "")
    return f"{totp(base64.b32decode(letters + '=' * (-len(letters) % 8))):06}"
