"""The application: composition root, limits, routes."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool

from classifier import __version__
from service.answers import translate_errors
from service.desks import Desks
from service.documentation import DESCRIPTION, complete
from service.resources import Resources
from service.revisions import TABLES
from service.routes import (
    auditing,
    catalogue,
    health,
    jobs,
    keys,
    label_audits,
    models,
    reports,
    suggestions,
    tickets,
    trainings,
)
from service.settings import Settings
from service.traffic import Account, Gate, LimitBody
from service.workbench import catalogue_pages, model_pages, pages, sign_in

WEB: Final = Path(__file__).parent / "web"
UPLOADS: Final = frozenset(
    {
        "/v1/jobs",
        "/v1/jobs/preview",
        "/v1/trainings",
        "/v1/label-audits",
        *(f"/v1/catalogue/tables/{name}" for name in TABLES),
    }
)
"""Paths that take files, streamed to disk."""

_SWITCH: Final = 0.001
"""Seconds after which a thread gives way to another: the recorder's, which waits for the disk most of the time, would
stand behind the event loop's for five times as long each time it comes back."""


def create_app(settings: Settings, desks: Desks | None = None) -> FastAPI:
    """Build the application; store and ledger are opened when it starts, not when it is built."""
    resources = Resources(settings, desks)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sys.setswitchinterval(_SWITCH)
        await run_in_threadpool(resources.open)
        yield
        await run_in_threadpool(resources.close)

    app = FastAPIOffline(
        title="分办 Fenban",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        static_url="/web/docs",
    )
    app.state.resources = resources
    for routes in (
        suggestions,
        tickets,
        jobs,
        trainings,
        label_audits,
        models,
        catalogue,
        reports,
        keys,
        auditing,
        health,
    ):
        app.include_router(routes.router)
    for routes in (sign_in, pages, catalogue_pages, model_pages):
        app.include_router(routes.router)
    app.mount("/web", StaticFiles(directory=WEB), name="web")
    translate_errors(app)
    complete(app)
    # The last one added is the first that a request meets.
    app.add_middleware(suggestions.Shortcut)
    app.add_middleware(LimitBody, limit=settings.max_body, uploads=UPLOADS, upload_limit=settings.max_upload)
    app.add_middleware(Gate, keyring=lambda: resources.keyring, rate=settings.rate)
    app.add_middleware(Account, metrics=lambda: resources.metrics)
    return app
