"""`hub.simulator.memory`: what survives a power cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.simulator import Memory
from hub.simulator.memory import KEPT_RESULTS
from hub.wire.device import Result, Start
from hub.wire.function import Function
from statemachines.transaction import Outcome


def start(transaction_id: str = "t1", function: Function = Function.CARD_PURCHASE) -> Start:
    return Start(
        transaction_id=transaction_id,
        function=function,
        register_name="Front",
        business_name="Toys Shop",
        received_at="x",
        attempt=1,
        amount_total_cents=500,
    )


def result(transaction_id: str = "t1", outcome: Outcome = Outcome.APPROVED) -> Result:
    return Result(transaction_id=transaction_id, outcome=outcome)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def lived(path: Path) -> Memory:
    memory = Memory(path, serial="S1", credential="dev_x")
    for number in ("t1", "t2", "t3"):
        memory.begin(start(number))
    memory.stage("t3", "entering_pin")
    memory.finish(result("t1"))
    memory.record("t1", "approved")
    memory.finish(result("t2", Outcome.DECLINED))
    return memory


def check(memory: Memory) -> None:
    assert (memory.serial, memory.credential, memory.count) == ("S1", "dev_x", 3)
    assert [(entry.start.transaction_id, entry.stage) for entry in memory.begun()] == [("t3", "entering_pin")]
    assert [kept.transaction_id for kept in memory.unrecorded()] == ["t2"]
    assert [kept.transaction_id for kept in memory.results(recorded=5)] == ["t1", "t2"]
    assert memory.charges == {"t1": 1}
    latest = memory.latest()
    assert latest is not None
    assert latest.transaction_id == "t2"


def test_in_the_process_only() -> None:
    memory = Memory(serial="S1")
    memory.begin(start())
    memory.finish(result())
    assert memory.charges == {"t1": 1}
    memory.close()


def test_survives(path: Path) -> None:
    memory = lived(path)
    check(memory)
    # Not closed: what a power cut leaves is what has been written.
    again = Memory(path)
    check(again)
    memory.close()
    again.close()


def test_the_file_knows_the_serial_and_the_credential_better(path: Path) -> None:
    Memory(path, serial="S1").close()
    memory = Memory(path, serial="S2")
    memory.keep_credential("dev_new")
    memory.close()
    again = Memory(path, serial="S3", credential="dev_old")
    assert (again.serial, again.credential) == ("S1", "dev_new")
    again.close()


def test_any_torn_end_is_a_state_that_once_was(path: Path) -> None:
    lived(path).close()
    journal = path.read_bytes()
    for length in range(len(journal) + 1):
        path.write_bytes(journal[:length])
        memory = Memory(path, serial="S1")
        assert memory.charges["t1"] == (1 if memory.get("t1") and memory.get("t1").result else 0)  # type: ignore[union-attr]  # just looked
        if memory.get("t9") is None:
            memory.begin(start("t9"))  # it writes on after the last whole line
        memory.close()
        again = Memory(path)
        assert again.get("t9") is not None
        again.close()


def test_a_double_charge_is_seen() -> None:
    memory = Memory()
    memory.begin(start())
    memory.finish(result())
    assert not memory.double_charges
    memory.finish(result())
    assert memory.double_charges == ["t1"]


def test_a_transaction_is_begun_once() -> None:
    memory = Memory()
    memory.begin(start())
    with pytest.raises(AssertionError):
        memory.begin(start())


def test_forgets_the_oldest_that_are_recorded() -> None:
    memory = Memory()
    for number in range(KEPT_RESULTS + 3):
        memory.begin(start(f"t{number}"))
        memory.finish(result(f"t{number}"))
        if number != 1:
            memory.record(f"t{number}", "approved")
    assert memory.get("t0") is None
    assert memory.get("t1") is not None  # the hub may not have it
    assert memory.get("t2") is None
    assert len(memory.charges) == KEPT_RESULTS + 3


def test_the_journal_reports_payments_only() -> None:
    memory = Memory()
    assert memory.latest() is None
    memory.begin(start("pay"))
    memory.finish(result("pay"))
    memory.begin(start("look", Function.TERMINAL_GET_STATUS))
    memory.finish(result("look", Outcome.DONE))
    latest = memory.latest()
    assert latest is not None
    assert latest.transaction_id == "pay"


def test_the_first_word_of_the_hub_counts() -> None:
    memory = Memory()
    memory.begin(start())
    memory.finish(result())
    memory.record("t1", "approved")
    memory.record("t1", "recorded")
    memory.record("unknown", "approved")
    entry = memory.get("t1")
    assert entry is not None
    assert entry.recorded == "approved"
