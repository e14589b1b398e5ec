"""Pages in Chromium."""

import contextlib

from playwright.sync_api import sync_playwright

# Debian's Chromium, which must not connect to anything outside of this machine.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.contextmanager
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


class Windows:
    """Opens addresses, each in a window of its own, and closes all of them."""

    def __init__(self, browser):
        self.browser = browser
        self.contexts = []

    def __call__(self, url, **options):
        """The page, with what the browser complains of in `complaints`."""
        self.contexts.append(self.browser.new_context(**options))
        page = self.contexts[-1].new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(url)
        return page

    def close(self):
        for context in self.contexts:
            context.close()


def address(server, page=""):
    return f"http://127.0.0.1:{server.port}/{page}"
