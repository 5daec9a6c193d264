"""`/healthz`: the process answers. `/readyz`: it takes work; a load balancer asks this one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import hub
from hub.edge.edge import Edge
from hub.errors import HubError
from hub.store.unit import Unit


async def healthz(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok", "version": hub.__version__})


async def _reads(unit: Unit) -> None:
    await unit.devices.count()


async def readyz(request: Request) -> JSONResponse:
    edge: Edge = request.app.state.edge
    if edge.connections.draining or not edge.engine.started:
        return JSONResponse({"status": "draining"}, 503)
    try:
        await edge.engine.query(_reads)
    except HubError as error:
        return JSONResponse({"status": error.code}, 503)
    return JSONResponse({"status": "ready", "connections": len(edge.connections)})


routes = [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]
