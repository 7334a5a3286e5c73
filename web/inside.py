"""Browsers inside of other apps, and what does not work there: they download no files, so a calendar entry needs another way."""

from __future__ import annotations

from flask import request

from wire.wording import n_

# WeCom names itself beside WeChat, so it is looked for first.
APPS = {"wxwork": n_("WeCom"), "micromessenger": n_("WeChat"), "dingtalk": n_("DingTalk")}


def app_around() -> str | None:
    """The name (to be translated) of the app in whose browser the page is shown, or None for a real browser."""
    agent = (request.user_agent.string or "").lower()
    return next((name for mark, name in APPS.items() if mark in agent), None)
