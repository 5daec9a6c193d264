"""The examples of the pages in docs/ are true: every frame is one that the contract knows, in its place.

A fenced block says what it is: ```json send and ```json receive which way a frame goes, as the peer sees it; ```json
with a name, an answer of that schema of openapi.yaml; ```sh run, a command that is run here.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hub.simulator.amounts import PLANS
from tests.contract import ROOT, FrameCheck, contract
from tests.contracts.answers import validator
from tests.contracts.scene import playing

PAGES = {"device": "docs/device-protocol.md", "register": "docs/register-protocol.md"}
_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    """Fenced blocks of a page: what stands behind the fence, and the text."""
    return [(match[1], match[2]) for match in _BLOCK.finditer((ROOT / page).read_text())]


@pytest.mark.parametrize("kind", PAGES)
def test_every_frame_is_one_of_the_contract(kind: str) -> None:
    check = FrameCheck(kind)
    for about, text in blocks(PAGES[kind]):
        assert about in ("json send", "json receive"), about
        check(about.removeprefix("json "), json.loads(text))


@pytest.mark.parametrize("kind", PAGES)
def test_every_method_has_an_example(kind: str) -> None:
    shown = {json.loads(text).get("method") for _, text in blocks(PAGES[kind])}
    channel = contract()[kind]
    assert (channel.send.methods.keys() | channel.receive.methods.keys()) - shown == set()


def test_the_test_amounts_are_those_of_the_simulator() -> None:
    rows = re.findall(r"^\| (\d\d) \| (.*) \|$", (ROOT / PAGES["device"]).read_text(), re.MULTILINE)
    assert [(int(cents), says) for cents, says in rows] == [(cents, plan.says) for cents, plan in PLANS.items()]


POS_PAGE = "docs/pos-api.md"


def test_answers_in_the_pos_page_are_those_of_the_document() -> None:
    shown = [(about.removeprefix("json "), text) for about, text in blocks(POS_PAGE) if about.startswith("json")]
    assert len(shown) > 4
    for name, text in shown:
        validator(f"#/components/schemas/{name}").validate(json.loads(text))


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's examples call curl")
def test_the_commands_of_the_pos_page_do_what_it_says(tmp_path: Path) -> None:
    runs = [text for about, text in blocks(POS_PAGE) if about == "sh run"]
    # Its last command is answered when the terminal has done, however long that takes.
    with playing(tmp_path / "hub", long_poll_limit_seconds=30, synchronous_wait_seconds=175) as scene:
        given = {"HUB": scene.hub.url, "CODE": scene.code()}
        begin = re.sub(r"^(HUB|CODE)=\S+", lambda match: f"{match[1]}={given[match[1]]}", runs[0], flags=re.MULTILINE)
        script = "set -eu\n" + "\necho\necho ----\n".join([begin, *runs[1:]])
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    answers = [json.loads(part) for part in done.stdout.split("----\n")[1:]]
    names = [
        "Paired",
        "PairingStatus",
        "FirstAnswer",
        "CompletedAnswer",
        "CancelAnswer",
        "FoundAnswer",
        "CompletedAnswer",
    ]
    for name, answer in zip(names, answers, strict=True):
        validator(f"#/components/schemas/{name}").validate(answer)
    assert answers[1]["paired"]
    assert answers[3]["transactionId"] == answers[2]["transactionId"]
    assert answers[4]["cancelResult"] == "too_late"
    assert [each["transactionId"] for each in answers[5]["transactions"]] == [answers[2]["transactionId"]]


def test_links_lead_to_something() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
            assert target.startswith(("http://", "https://")) or (page.parent / target).exists(), (
                f"{page.name}: {target}"
            )
