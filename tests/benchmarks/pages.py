"""What a clerk waits for in a real browser: the first page, and from the pause in typing to the suggestion shown.

    python tests/benchmarks/pages.py

Starts the service on a free port with the versions that `FENBAN_MODELS` names, types complaints of about 300 characters
put together from those written for the base ledger, and reports medians and 95th percentiles. The pause itself, 120 ms, is
left out: what is measured begins when it ends.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from classifier.catalogue.ledger import load_ledger
from classifier.learn.dataset import ledger_complaints
from classifier.settings import Places

_PAUSE_MS = 120
_WATCH = """() => {
    document.addEventListener("suggested", ({detail}) => { if (detail) window.shownAt = performance.now(); });
    document.getElementById("text").addEventListener("input", () => { window.typedAt = performance.now(); });
}"""


def _texts(places: Places, count: int) -> list[str]:
    rows = ledger_complaints(load_ledger("hotline", places.ledgers))
    long = (row.complaint.text for row in rows if 250 <= len(row.complaint.text) <= 350)
    return list(islice(long, count))


def _serve(port: int, data: str) -> subprocess.Popen[bytes]:
    program = shutil.which("fenban", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    server = subprocess.Popen(
        [str(program), "serve", "--port", str(port)],
        env={**os.environ, "FENBAN_DATA": data},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(1200):
        try:
            if urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").status == 200:
                return server
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not become ready")


def _load(page: Page, url: str) -> tuple[float, float]:
    """Return kilobytes and milliseconds of a first load."""
    sizes: list[int] = []

    def count(response: Any) -> None:
        sizes.append(len(response.body()))

    page.on("response", count)
    page.goto(url, wait_until="load")
    milliseconds = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    page.remove_listener("response", count)
    return sum(sizes) / 1024, float(milliseconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    given = parser.parse_args()
    texts = _texts(Places.from_environment(), given.count)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as data, sync_playwright() as driver:
        server = _serve(port, data)
        try:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            loads = []
            for _ in range(5):
                with browser.new_context(viewport={"width": 1366, "height": 768}) as context:
                    loads.append(_load(context.new_page(), f"http://127.0.0.1:{port}/"))
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.goto(f"http://127.0.0.1:{port}/")
            page.evaluate(_WATCH)
            waits = []
            for text in texts:
                page.evaluate("window.shownAt = 0")
                page.fill("#text", text)
                while not page.evaluate("window.shownAt > window.typedAt"):
                    time.sleep(0.02)
                waits.append(page.evaluate("window.shownAt - window.typedAt") - _PAUSE_MS)
            browser.close()
        finally:
            server.terminate()
            server.wait()
    kilobytes, milliseconds = np.median(loads, axis=0)
    print(f"first page: {kilobytes:.0f} KB, {milliseconds:.0f} ms")
    print(
        f"pause to suggestion shown: median {np.median(waits):.0f} ms, 95th percentile {np.percentile(waits, 95):.0f} ms"
    )


if __name__ == "__main__":
    main()
