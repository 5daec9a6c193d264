"""What all endpoints of the process share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hub.edge.connections import Connections
from hub.edge.happenings import RecentHappenings
from hub.edge.newest import Newest
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
    newest: Newest
    waiting: Waiting
    happenings: RecentHappenings
    stop: Callable[[], None]
    """Ends the process in order, as SIGTERM does."""

    @classmethod
    def over(cls, engine: Engine, *, admin_token: str, stop: Callable[[], None]) -> Edge:
        settings, clock = engine.settings, engine.clock
        connections = Connections(settings.max_connections)
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
            connections=connections,
            newest=Newest(),
            waiting=Waiting(engine, limit=settings.max_waiting_requests),
            happenings=RecentHappenings(engine, connections=lambda: len(connections)),
            stop=stop,
        )
