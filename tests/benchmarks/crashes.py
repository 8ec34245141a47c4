"""kill -9 of server and worker at random moments during writes, jobs, trainings and promotions, many times.

After each kill the service is started again; in the end every decision that was answered for must be there, every row
of every job once, and every version of the registry whole.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx2

sys.path.insert(0, str(Path(__file__).parents[1] / "end_to_end"))

from classifier.catalogue.ledger import load_ledger
from classifier.desk import build_base, load_model
from classifier.registry.versions import Registry
from classifier.settings import Places
from conftest import Service

ROWS = 4_000
LEDGERS = Path(__file__).parents[1] / "ledgers"
TABLE = "编号,诉求内容\n" + "".join(f"{at},第{at}盏路灯坏了没人修，老板拖欠工资不给\n" for at in range(ROWS))
LABELS = "text,category\n路灯不亮,路灯\n拖欠工资,欠薪\n街灯灭了,路灯\n工钱没发,欠薪\n"


class Writers:
    """Writes without pause: tickets with decisions, jobs, trainings, promotions; remembers what was answered for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.decided: list[str] = []
        self.jobs: list[str] = []
        self.trainings: list[str] = []
        self.stopping = threading.Event()
        self._threads = [
            threading.Thread(target=one) for one in (self._decide, self._upload, self._train, self._promote)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self._threads:
            thread.join()

    def _post(self, path: str, **content: object) -> httpx2.Response | None:
        try:
            return httpx2.post(f"{self.url}{path}", timeout=20, **content)
        except httpx2.TransportError:
            time.sleep(0.05)
            return None

    def _decide(self) -> None:
        at = 0
        while not self.stopping.is_set():
            at += 1
            taken = self._post("/v1/suggestions", json={"text": "路灯坏了没人修", "id": f"w{at}"})
            done = taken and self._post("/v1/decisions", json={"ticket": f"w{at}", "action": "accepted"})
            if done and done.status_code == 200:
                self.decided.append(f"w{at}")

    def _upload(self) -> None:
        while not self.stopping.wait(2):
            done = self._post("/v1/jobs", files={"file": ("x.csv", TABLE.encode())})
            if done and done.status_code == 202:
                self.jobs.append(done.json()["id"])

    def _train(self) -> None:
        while not self.stopping.wait(5):
            done = self._post("/v1/trainings", files={"file": ("x.csv", LABELS.encode())})
            if done and done.status_code == 202:
                self.trainings.append(done.json()["id"])

    def _promote(self) -> None:
        while not self.stopping.wait(0.3):
            try:
                versions = httpx2.get(f"{self.url}/v1/models").json()["versions"]
            except httpx2.TransportError:
                continue
            self._post(f"/v1/models/{random.choice(versions)['version']}/promote?force=true")  # noqa: S311


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--database", default="", help="postgresql://… of an empty database; default SQLite")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    models = folder / "models"
    build_base(load_ledger("small", LEDGERS), Registry((models,)))
    (folder / "data").mkdir()
    service = Service(Places(LEDGERS, (models,)), folder / "data", given.database)
    writers = Writers(service.url)
    slowest = 0.0
    for at in range(given.times):
        time.sleep(random.uniform(0.1, 3))  # noqa: S311
        whom = random.choice(("server", "worker", "both"))  # noqa: S311
        if whom != "server":
            for worker in service.workers():
                os.kill(worker, signal.SIGKILL)
        if whom != "worker":
            service.kill()
            began = time.monotonic()
            service.start()
            slowest = max(slowest, time.monotonic() - began)
        print(f"{at + 1:3} killed {whom:6}  decisions {len(writers.decided)}  jobs {len(writers.jobs)}", flush=True)
    writers.stop()
    _check(service, writers, models)
    print(f"all there; ready again within {slowest:.1f} s")
    service.close()
    shutil.rmtree(folder, ignore_errors=True)  # the worker leaves a moment after its server


def _check(service: Service, writers: Writers, models: Path) -> None:
    for name in writers.decided:
        ticket = httpx2.get(f"{service.url}/v1/tickets/{name}").json()
        if [one["action"] for one in ticket["rulings"]] != ["accepted"]:
            raise SystemExit(f"the decision on {name} is lost or doubled")
    for kind, names in (("jobs", writers.jobs), ("trainings", writers.trainings)):
        for name in names:
            while (job := httpx2.get(f"{service.url}/v1/{kind}/{name}").json())["state"] in ("queued", "running"):
                time.sleep(0.5)
            # A job whose worker was killed five times is given up on purpose.
            if job["state"] != "done" and job["error"] != "worker_lost":
                raise SystemExit(f"{kind} {name}: {job['state']} {job['error']}")
            if kind == "jobs" and job["state"] == "done":
                content = httpx2.get(f"{service.url}/v1/jobs/{name}/result").content.decode("utf-8-sig")
                rows = [row["编号"] for row in csv.DictReader(io.StringIO(content))]
                if rows != [str(at) for at in range(ROWS)]:
                    raise SystemExit(f"rows of {name} are lost or doubled")
    registry = Registry((models,))
    for version in registry.versions("small"):
        load_model(version)
    print(f"in use {registry.find('small').name} of {len(registry.versions('small'))} versions, all whole")


if __name__ == "__main__":
    main()
