"""Requests a second and latency of `POST /v1/suggestions`, beside an endpoint of the same app that answers a constant.

Both parse the same bodies in the same processes, in turns, on loopback. Each turn is bounded in requests.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import dataclasses
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2
import numpy as np
import uvicorn
from fastapi import FastAPI, Response
from uvicorn.supervisors import Multiprocess

from service.app import create_app
from service.commands.serving import listening_socket
from service.schemas.suggestions import ComplaintIn
from service.settings import Settings

CONSTANT = "/v1/constant"
SUGGEST = "/v1/suggestions"
SERVE = "serve"
CONNECTIONS = (1, 8, 64)
_TURNS = 3


def application() -> FastAPI:
    """The service with one more endpoint: it parses the same body, passes the same gate, and answers a constant."""
    app = create_app(dataclasses.replace(Settings.from_environment(), worker=False))
    body = json.dumps({"constant": "x" * 2_000})

    @app.post(CONSTANT)
    async def constant(complaint: ComplaintIn) -> Response:  # noqa: ARG001 - parsed, not used
        return Response(body, media_type="application/json")

    return app


async def _ask(port: int, path: str, bodies: Sequence[bytes], times: list[float]) -> None:
    """Send requests one after the other over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for body in bodies:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        times.append(time.perf_counter() - began)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer.decode("latin-1"))
    writer.close()


async def _turn(port: int, path: str, bodies: list[bytes], connections: int) -> tuple[float, list[float]]:
    times: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(_ask(port, path, bodies[at::connections], times) for at in range(connections)))
    return len(bodies) / (time.perf_counter() - began), times


def _bodies(texts: list[tuple[str, str]], count: int, prefix: str, start: int = 0) -> list[bytes]:
    chosen = itertools.islice(itertools.cycle(texts), start, start + count)
    ids = (f"{prefix}{at}" if prefix else "" for at in itertools.count())
    return [
        json.dumps({"title": title, "text": text, "id": name}, ensure_ascii=False).encode()
        for (title, text), name in zip(chosen, ids, strict=False)
    ]


def _memory(pid: int) -> list[int]:
    """Megabytes of its own (private) of each process that serves."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = []
    for one in [str(pid), *children]:
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        lines = (line.split() for line in rollup.splitlines())
        found.append(sum(int(line[1]) for line in lines if line[0].startswith("Private")) // 1024)
    return found


def _measure(given: argparse.Namespace, workers: int, record: str, texts: list[tuple[str, str]]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "FENBAN_RECORD": record, "FENBAN_DATA": data, "FENBAN_LOG_LEVEL": given.log_level}
        environment |= {"FENBAN_LEDGER": given.ledger}
        command = [sys.executable, str(Path(__file__)), SERVE, str(port), str(workers)]
        server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        try:
            _wait(port)
            for connections in CONNECTIONS:
                _show(given, port, workers, record, texts, connections)
            print(f"  private memory of the processes: {_memory(server.pid)} MB", flush=True)
        finally:
            server.terminate()
            server.wait()


def _show(
    given: argparse.Namespace, port: int, workers: int, record: str, texts: list[tuple[str, str]], connections: int
) -> None:
    rates: dict[str, list[float]] = {CONSTANT: [], SUGGEST: []}
    times: dict[str, list[float]] = {CONSTANT: [], SUGGEST: []}
    # Other messages in each turn: who is recorded again and again is a copy, which is not what comes in all day.
    starts = itertools.count(_TURNS * given.requests * CONNECTIONS.index(connections), given.requests)
    for turn, start in zip(range(_TURNS), starts, strict=False):
        for path in (CONSTANT, SUGGEST):
            prefix = f"{connections}-{turn}-" if record == "on" and given.ids else ""
            rate, took = asyncio.run(_turn(port, path, _bodies(texts, given.requests, prefix, start), connections))
            rates[path].append(rate)
            times[path] += took
    constant, suggest = (float(np.median(rates[path])) for path in (CONSTANT, SUGGEST))
    p50, p99 = (np.percentile(times[SUGGEST], share) * 1000 for share in (50, 99))
    print(
        f"workers {workers}  recording {record:3}  connections {connections:2}: constant {constant:5.0f}/s  "
        f"suggestions {suggest:5.0f}/s  ratio {suggest / constant:.2f}  p50 {p50:.1f} ms  p99 {p99:.1f} ms",
        flush=True,
    )


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the server did not become ready")


def _serve(port: int, workers: int) -> None:
    """Serve as `fenban serve` does."""
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    config = uvicorn.Config("load:application", factory=True, port=port, workers=workers, log_level="warning")
    if workers == 1:
        uvicorn.Server(config).run()
    else:
        Multiprocess(config, sockets=[listening_socket(config)]).run()


def main() -> None:
    if sys.argv[1:2] == [SERVE]:
        _serve(*map(int, sys.argv[2:]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", type=Path)
    parser.add_argument("--ledger", default="hotline")
    parser.add_argument("--requests", type=int, default=1_000, help="of each kind in each turn")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--log-level", default="info")
    parser.add_argument("--no-ids", dest="ids", action="store_false", help="compare only, record nothing")
    given = parser.parse_args()
    with given.messages.open(encoding="utf-8-sig", newline="") as file:
        texts = [(row.get("title", ""), row["text"]) for row in csv.DictReader(file)]
    for workers in given.workers:
        for record in ("off", "on"):
            _measure(given, workers, record, texts)


if __name__ == "__main__":
    main()
