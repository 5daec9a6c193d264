"""What all endpoints of the process share."""

from __future__ import annotations

from dataclasses import dataclass

from hub.edge.connections import Connections
from hub.edge.pace import Buckets, GuessBudget
from hub.edge.waiting import Waiting
from hub.engine import Engine
from hub.settings import Settings


@dataclass(slots=True)
class Edge:
    """Made once, by `hub.app`; every endpoint finds it at `request.app.state.edge`."""

    engine: Engine
    settings: Settings
    admin_token: str
    guesses: GuessBudget
    polls: Buckets
    connections: Connections
    waiting: Waiting

    @classmethod
    def over(cls, engine: Engine, *, admin_token: str) -> Edge:
        settings, clock = engine.settings, engine.clock
        return cls(
            engine=engine,
            settings=settings,
            admin_token=admin_token,
            guesses=GuessBudget(
                clock,
                per_minute=settings.pairing_attempts_per_minute,
                per_source=settings.pairing_attempts_per_source,
            ),
            polls=Buckets(clock, per_second=settings.polls_per_second, burst=settings.poll_burst),
            connections=Connections(settings.max_connections),
            waiting=Waiting(engine, limit=settings.max_waiting_requests),
        )
