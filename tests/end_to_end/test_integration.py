"""The page for integrators, call by call, and a client generated from the document; against `fenban serve`."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from classifier.settings import Places

PAGE = (Path(__file__).parents[2] / "docs" / "integration.md").read_text("utf-8")
TYPESCRIPT = ("openapi-typescript@7.13.0", "typescript@5.9")
BACKLOG = "编号,诉求内容\n001,老板拖欠我半年工资不给\n002,人民路的路灯坏了没人修\n"


def _block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    return found.group(1)


@pytest.fixture(scope="module")
def service(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A running service that needs a key, as the environment of the examples."""
    data = tmp_path_factory.mktemp("data")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "FENBAN_LEDGERS": str(places.ledgers),
        "FENBAN_MODELS": ":".join(map(str, places.models)),
        "FENBAN_DATA": str(data),
    }
    fenban = [sys.executable, "-m", "classifier.cli"]
    make = [*fenban, "keys", "create", "--name", "对接", "--role", "admin", "--json"]
    made = json.loads(subprocess.run(make, env=environment, check=True, capture_output=True).stdout)
    serve = [*fenban, "serve", "--ledger", "small", "--port", str(port)]
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(serve, env=environment, stderr=log)
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            if httpx2.get(f"{url}/readyz").status_code == 200:
                break
        except httpx2.TransportError:
            time.sleep(0.1)
    yield {**environment, "FENBAN": url, "KEY": made[0]["key"]}
    process.terminate()
    process.wait(60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "backlog.csv").write_text(BACKLOG, "utf-8")
    return tmp_path


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _result(folder: Path) -> list[str]:
    lines = (folder / "result.csv").read_text("utf-8-sig").splitlines()
    return [line.split(",")[0] for line in lines]


def test_the_calls_with_curl_do_what_they_say(service: dict[str, str], folder: Path) -> None:
    said = _run(["sh", "-euc", _block("sh")], folder, service)
    assert '"state": "returned"' in said
    assert "event: end" in said
    assert _result(folder) == ["编号", "001", "002"]


def test_the_calls_from_python_do_what_they_say(service: dict[str, str], folder: Path) -> None:
    said = _run([sys.executable, "-c", _block("python")], folder, service)
    assert said.splitlines()[0].startswith("道路/路灯")
    assert said.splitlines()[1] == "returned"
    assert _result(folder) == ["编号", "001", "002"]


@pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed; the page says which one it needs")
def test_the_calls_from_java_do_what_they_say(service: dict[str, str], folder: Path) -> None:
    (folder / "Fenban.java").write_text(_block("java"), "utf-8")
    said = _run(["java", "-Dfile.encoding=UTF-8", "Fenban.java"], folder, service)
    assert "event: end" in said
    assert _result(folder) == ["编号", "001", "002"]


def test_a_client_generated_from_the_document_works(service: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_bytes(httpx2.get(f"{service['FENBAN']}/openapi.json").content)
    generator = Path(sys.executable).with_name("openapi-python-client")
    command = [str(generator), "generate", "--path", "openapi.json", "--output-path", "made", "--meta", "none"]
    _run(command, tmp_path, service)
    _run([sys.executable, "-m", "compileall", "-q", "made"], tmp_path, service)
    (operation,) = (tmp_path / "made" / "api").glob("*/suggest_v1_suggestions_post.py")
    program = f"""
import os
from made import AuthenticatedClient
from made.api.{operation.parent.name} import {operation.stem} as suggest
from made.models import AnswerOut, ComplaintIn
with AuthenticatedClient(os.environ["FENBAN"], os.environ["KEY"]) as client:
    answer = suggest.sync(client=client, body=ComplaintIn(text="人民路的路灯坏了没人修", id="made-1"))
assert isinstance(answer, AnswerOut), answer
print(answer.categories[0].category.path, answer.record.ticket)
"""
    assert _run([sys.executable, "-c", program], tmp_path, service) == "道路/路灯 made-1\n"


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_types_generated_for_typescript_compile(service: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_bytes(httpx2.get(f"{service['FENBAN']}/openapi.json").content)
    (tmp_path / "use.ts").write_text(
        """
import type { components, paths } from "./schema";
type Answer = paths["/v1/suggestions"]["post"]["responses"][200]["content"]["application/json"];
export const asked: components["schemas"]["ComplaintIn"] = { text: "路灯坏了", title: "", region: "", id: "A-1" };
export const first = (answer: Answer): string => answer.categories[0]!.category.path + (answer.record?.ticket ?? "");
""",
        "utf-8",
    )
    _run(["npm", "install", "--silent", "--no-audit", "--no-fund", *TYPESCRIPT], tmp_path, service)
    _run(["npx", "openapi-typescript", "openapi.json", "-o", "schema.d.ts"], tmp_path, service)
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler"]
    _run(["npx", "tsc", *options, "use.ts"], tmp_path, service)
