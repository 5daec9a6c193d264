"""`hub simulate …`: a terminal and a till in the terminal window, for who has no hardware at hand."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import money
from hub.cli.remote import Url, base_url
from hub.cli.serve import load_settings
from hub.sdk import RegisterClient, SdkError
from hub.sdk.subscription import Event, Subscription
from hub.simulator import AmountScript, Memory, SimulatedDevice
from hub.wire.device import PairingClosed, PairingCodeShown, PairingInfo, PairingRemoved, Result, Start, Welcome
from hub.wire.function import Function
from hub.wire.register import PairingChanged, PresenceChanged, TransactionUpdated, TransactionView

app = typer.Typer(help="Simulated terminal and till, against a running hub.", no_args_is_help=True)


def run(story: Coroutine[Any, Any, None]) -> None:
    """Run to its end or to Ctrl-C; a refusal of the hub ends it with its text."""
    refusals: list[BaseException] = []
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(story)
    except* SdkError as group:
        refusals += group.exceptions
    for refusal in refusals:
        while isinstance(refusal, BaseExceptionGroup):
            refusal = refusal.exceptions[0]
        typer.echo(f"refused: {refusal}", err=True)
    if refusals:
        raise typer.Exit(1)


def on_the_device(happening: object) -> str | None:
    """What a person in front of the terminal would see."""
    match happening:
        case Welcome():
            registers = ", ".join(pairing.register_name for pairing in happening.pairings) or "none"
            return f"connected (epoch {happening.epoch}); registers: {registers}"
        case PairingCodeShown():
            return f"PAIRING CODE  {happening.code}   good for {happening.expires_in_seconds:.0f} s"
        case PairingClosed():
            return f"pairing closed: {happening.cause}"
        case PairingInfo():
            return f"paired with {happening.register_name} of {happening.business_name}"
        case PairingRemoved():
            return f"{happening.register_name} is unpaired: {happening.cause}"
        case Start():
            cents = happening.amount_total_cents or happening.amount_auth_cents or happening.amount_final_cents
            return f"{happening.function} {money(cents)} from {happening.register_name}"
        case Result():
            return f"{happening.outcome}" + (f": {happening.reason}" if happening.reason else "")
    return None


def at_the_till(event: Event) -> str | None:
    """What a cashier would see."""
    match event:
        case TransactionUpdated():
            return describe(event.transaction)
        case PairingChanged():
            device = event.pairing.device
            return f"paired with {device.device_name}" if device else f"not paired any more ({event.pairing.cause})"
        case PresenceChanged():
            return f"{event.device.device_name} is {'online' if event.device.online else 'offline'}"
    return None


def describe(seen: TransactionView) -> str:
    amount = money(seen.amount_total_cents or seen.amount_auth_cents or seen.amount_final_cents)
    words = [f"{seen.function} {amount}".strip() + ":", seen.state.replace("_", " ")]
    if seen.queue_position:
        words.append(f"(place {seen.queue_position} in the queue)")
    if seen.stage:
        words.append(f"- {seen.stage.replace('_', ' ')}")
    if seen.result is not None and seen.result.reason:
        words.append(f"- {seen.result.reason.replace('_', ' ')}")
    if seen.never_sent:
        words.append("- never sent, certainly not charged")
    if seen.delayed:
        words.append("- outcome unknown for now, keep waiting")
    return " ".join(words)


@app.command()
def device(
    device_id: Annotated[str, typer.Argument(help="Its internal id.")] = "7070714000",
    credential: Annotated[str, typer.Option(help="As `hub device enrol` printed it; without, it enrols itself.")] = "",
    serial: Annotated[str, typer.Option(help="Serial number of new hardware; a memory keeps its own.")] = "SIM-1",
    memory: Annotated[
        Path | None, typer.Option(help="File for its durable memory; by default one in the hub's data folder.")
    ] = None,
    pace: Annotated[float, typer.Option(help="Seconds a stage takes.")] = 1.0,
    url: Url = "",
) -> None:
    """A terminal that opens pairing when it has no register, and plays test amounts (see docs/device-protocol.md)."""
    kept = memory or load_settings().data_dir / "simulated" / f"{_file_name(device_id)}.jsonl"
    run(_device(base_url(url), device_id, credential, serial, kept, pace))


def _file_name(device_id: str) -> str:
    """What an id is as the name of a file; the hub has the last word on ids."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", device_id)


async def _device(url: str, device_id: str, credential: str, serial: str, memory: Path, pace: float) -> None:
    def see(happening: object) -> None:
        seen = on_the_device(happening)
        if seen is not None:
            typer.echo(f"[{device_id}] {seen}")

    kept = Memory(memory, serial=serial)
    if credential:
        kept.keep_credential(credential)
    async with SimulatedDevice(
        url,
        device_id,
        memory=kept,
        enrol=not credential,
        script=AmountScript(pace_seconds=pace),
        observer=see,
    ) as simulated:
        typer.echo(f"[{device_id}] connecting to {url}")
        welcome = await simulated.ready()
        if not welcome.pairings:
            code = await simulated.open_pairing()
            typer.echo(f"[{device_id}] PAIRING CODE  {code}")
        raise await simulated.client.finished()


@app.command()
def register(
    code: Annotated[str, typer.Option(help="Pairing code to redeem first.")] = "",
    amount: Annotated[
        list[int] | None, typer.Option(help="Amount in cents to take, in this order; repeatable.")
    ] = None,
    register_id: Annotated[str, typer.Option(help="POSRegisterID")] = "simulated-register",
    business: Annotated[str, typer.Option(help="POSBusinessName")] = "Toys Shop",
    vendor: Annotated[str, typer.Option(help="POSVendorName")] = "Till2Go",
    name: Annotated[str, typer.Option(help="POSRegisterName")] = "Front",
    url: Url = "",
) -> None:
    """A till: pairs if a code is given, takes the amounts one after the other, then goes on showing events."""
    run(_register(base_url(url), code, amount or [], register_id, business, vendor, name))


async def _register(
    url: str, code: str, amounts: list[int], register_id: str, business: str, vendor: str, name: str
) -> None:
    client = RegisterClient(url, register_id=register_id, business_name=business, vendor_name=vendor)
    async with client, asyncio.TaskGroup() as tasks:
        typer.echo(f"[{name}] connecting to {url}")
        await client.ready()
        events = client.subscribe()
        tasks.create_task(_show_events(events, name))
        if code:
            await client.redeem(code, register_name=name)
        for cents in amounts:
            submitted = await client.submit(Function.CARD_PURCHASE, amount_total_cents=cents)
            await client.wait_final(submitted.transaction.transaction_id)
        if amounts:
            events.close()  # what has come is still shown


async def _show_events(events: Subscription, name: str) -> None:
    async for event in events:
        seen = at_the_till(event)
        if seen is not None:
            typer.echo(f"[{name}] {seen}")
