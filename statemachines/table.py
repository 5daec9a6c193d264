"""A transition table: the rows, and the one way to take a step.

This is the only module that knows the `transitions` library. One machine per table, made at import and shared by all
objects of its kind: a machine per object costs 100 times the time and up to 93 KiB each, and `AsyncMachine` loses
triggers that overlap. No callbacks and no conditions are used: a failed guard would return False silently and an
exception in a callback would not roll back. Guards that need facts (time, serial) are plain functions beside each
table.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from transitions import Event, EventData, Machine, MachineError, State, Transition
from transitions.extensions import GraphMachine

from statemachines.refusal import IllegalTrigger

# The library logs each step at INFO; the hub's own log tells the story with ids.
logging.getLogger("transitions").setLevel(logging.WARNING)

S = TypeVar("S", bound=StrEnum)


class Stateful(Protocol[S]):
    """Anything that has a `state`; the table changes nothing else of it."""

    state: S


@dataclass(frozen=True, slots=True)
class Row(Generic[S]):
    """One legal step: in any of `sources`, `trigger` leads to `target`."""

    trigger: StrEnum
    sources: tuple[S, ...]
    target: S


class _State(State):
    """The library asks each state for its name several times a step; it never changes."""

    @cached_property
    def name(self) -> str:
        return super().name


class _Step(Transition):
    """Without callbacks and conditions there is nothing to a transition but the change of state."""

    def execute(self, event_data: EventData) -> bool:
        assert self.dest is not None, "every row has a target"
        event_data.machine.set_state(self.dest, event_data.model)
        return True


class _Event(Event):
    """Without a queue of triggers and callbacks, a trigger is the library's look for the state's transition."""

    def trigger(self, model: object, *args: object, **kwargs: object) -> bool:
        state = self.machine.get_model_state(model)
        self._is_valid_source(state)
        # Without conditions the first one is taken; a table has no second.
        return self.transitions[state.name][0].execute(EventData(state, self, self.machine, model, args, kwargs))


class _Machine(Machine):
    """The library's machine with lean parts: a step costs a sixth, and is the machine's own all the same."""

    state_cls = _State
    transition_cls = _Step
    event_cls = _Event

    def get_model_state(self, model: Any) -> State:
        state: State = self.states[model.state.name]
        return state

    def set_state(self, state: Any, model: Any = None) -> None:
        # One thing takes the step, by a name of the table; the library would look for lists and members as well.
        model.state = self.states[state].value


class _Drawn:
    """What the library hangs its `get_graph` on; it draws a model, never a table."""

    get_graph: Callable[[], Any]


class Table(Generic[S]):
    """All legal steps of one kind of thing."""

    def __init__(self, name: str, *, states: type[S], initial: S, rows: Iterable[Row[S]]) -> None:
        self.name = name
        self.states = states
        self.initial = initial
        self.rows: Sequence[Row[S]] = tuple(rows)
        self.final: frozenset[S] = frozenset(states) - {source for row in self.rows for source in row.sources}
        self.steps: dict[tuple[S, str], S] = {
            (source, row.trigger.value): row.target for row in self.rows for source in row.sources
        }
        self._machine = _Machine(
            model=None,
            states=states,
            initial=initial,
            transitions=self._transitions(),
            auto_transitions=False,
        )

    def _transitions(self) -> list[dict[str, object]]:
        return [{"trigger": row.trigger.value, "source": list(row.sources), "dest": row.target} for row in self.rows]

    def permits(self, state: S, trigger: StrEnum) -> bool:
        """Whether `trigger` is legal in `state`."""
        return (state, trigger) in self.steps

    def fire(self, thing: Stateful[S], trigger: StrEnum) -> S:
        """Take one step and return the new state; raise `IllegalTrigger` and change nothing if no row allows it."""
        try:
            self._machine.events[trigger].trigger(thing)
        except (MachineError, KeyError):
            raise IllegalTrigger(self.name, trigger.value, thing.state.value) from None
        return thing.state

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram, drawn by the library from the same rows. For docs and pages."""
        drawn = _Drawn()
        GraphMachine(
            model=drawn,
            # By their values, as records and messages name them; members would be drawn by their Python names.
            states=[state.value for state in self.states],
            initial=self.initial.value,
            transitions=[
                {"trigger": row.trigger.value, "source": [each.value for each in row.sources], "dest": row.target.value}
                for row in self.rows
            ],
            auto_transitions=False,
            graph_engine="mermaid",
            title=f"title: {self.name}",
        )
        lines = str(drawn.get_graph().draw(None)).strip().splitlines()
        # The library's colours mark a model's present state; a drawing of the table has none.
        return "\n".join(line.rstrip() for line in lines if not line.lstrip().startswith(("classDef", "Class"))) + "\n"
