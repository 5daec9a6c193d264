"""`hub transaction …`: list, show, resolve."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from hub.cli.output import AsJson, amount, as_json, fields, table
from hub.cli.remote import Remote, Token, Url
from statemachines.transaction import Outcome, TransactionState

app = typer.Typer(help="Transactions: what was asked, and what became of it.", no_args_is_help=True)

TransactionId = Annotated[str, typer.Argument(help="The transaction's id.")]


@app.command("list")
def list_transactions(
    state: Annotated[TransactionState | None, typer.Option(help="Only those in this state.")] = None,
    device: Annotated[str, typer.Option(help="Only those of this device.")] = "",
    attention: Annotated[bool, typer.Option("--attention", help="Only those that need a person.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many, newest first.")] = 50,
    url: Url = "",
    token: Token = "",
    json: AsJson = False,
) -> None:
    """Transactions, newest first."""
    rows = Remote(url, token).get(
        "/admin/transactions",
        state=state.value if state else None,
        device_id=device,
        attention="1" if attention else "",
        limit=limit,
    )["transactions"]
    if json:
        as_json(rows)
        return
    table(
        ["TRANSACTION", "RECEIVED", "DEVICE", "REGISTER", "FUNCTION", "AMOUNT", "STATE", "CAUSE"],
        [
            [
                each["transaction"]["transaction_id"],
                each["transaction"]["received_at"],
                each["transaction"]["device_id"],
                each["register_name"],
                each["transaction"]["function"],
                amount(each["transaction"]),
                each["transaction"]["state"] + (" !" if each["transaction"].get("conflict") else ""),
                each["transaction"].get("cause"),
            ]
            for each in rows
        ],
    )


@app.command()
def show(transaction_id: TransactionId, url: Url = "", token: Token = "", json: AsJson = False) -> None:
    """One transaction with every step that it took."""
    story = Remote(url, token).get(f"/admin/transactions/{transaction_id}")
    if json:
        as_json(story)
        return
    transaction = story["transaction"]
    fields(
        {
            "transaction": transaction["transaction_id"],
            "state": transaction["state"],
            "function": transaction["function"],
            "amount": amount(transaction),
            "device": transaction["device_id"],
            "register": f"{story['register_name']} ({story['business_name']})",
            "cause": transaction.get("cause"),
            "sent": f"{story['sends']} times to serial {story['sent_serial']}" if story["sends"] else "never",
            "result": transaction.get("result"),
            "conflict": story.get("conflict_outcome"),
        }
    )
    table(["AT", "WHAT", "STATE"], [[step["at"], step["what"], step["state"]] for step in story["steps"]])
    for action in story["actions"]:
        typer.echo(f"{action['at']}  {action['operator']}: {action['action']}  {action['note']}")
    for callback in story["callbacks"]:
        typer.echo(f"callback {callback['state']} after {callback['attempts']}: {callback['url']}")


@app.command()
def resolve(
    transaction_id: TransactionId,
    outcome: Annotated[Outcome, typer.Argument(help="What the operator found out.")],
    note: Annotated[str, typer.Option(help="How it was found out; kept for the audit.")],
    operator: Annotated[str, typer.Option(help="Who says so.")] = "",
    url: Url = "",
    token: Token = "",
) -> None:
    """Settle a transaction in doubt, after looking at the terminal's journal or the acquirer's report."""
    body = {"outcome": outcome.value, "operator": operator or getpass.getuser(), "note": note}
    story = Remote(url, token).post(f"/admin/transactions/{transaction_id}/resolve", body)
    typer.echo(f"{transaction_id} is {story['transaction']['state']}")


@app.command()
def review(
    transaction_id: TransactionId,
    note: Annotated[str, typer.Option(help="What was done about it; kept for the audit.")],
    operator: Annotated[str, typer.Option(help="Who says so.")] = "",
    url: Url = "",
    token: Token = "",
) -> None:
    """Say that a conflict between the record and a device's later word has been dealt with."""
    body = {"operator": operator or getpass.getuser(), "note": note}
    Remote(url, token).post(f"/admin/transactions/{transaction_id}/review", body)
    typer.echo("reviewed")
