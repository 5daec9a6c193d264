"""Log lines reach their stream in order, together where that may be, and never fail who speaks."""

from __future__ import annotations

import asyncio
import io
from threading import Event, Thread

from hub.log_lines import LogLines, Quiet


class Stream(io.StringIO):
    """Counts the writes that reach the system."""

    flushes = 0

    def flush(self) -> None:
        self.flushes += 1


def rendered(line: Quiet) -> str:
    return f"{line.level} {line.event} {line.context | line.fields}"


def lines_into(stream: Stream) -> LogLines:
    return LogLines(stream, rendered)


async def a_turn() -> None:
    passed = asyncio.Event()
    asyncio.get_running_loop().call_soon(passed.set)
    await passed.wait()


async def test_lines_of_a_turn_are_one_write() -> None:
    stream = Stream()
    lines = lines_into(stream)
    lines.info("first")
    lines.debug("second")
    assert stream.getvalue() == ""
    await a_turn()
    assert (stream.getvalue(), stream.flushes) == ("first\nsecond\n", 1)
    lines.info("third")
    await a_turn()
    assert (stream.getvalue(), stream.flushes) == ("first\nsecond\nthird\n", 2)


async def test_a_warning_goes_at_once_and_behind_what_was_said_before() -> None:
    stream = Stream()
    lines = lines_into(stream)
    for speak in (lines.warning, lines.error, lines.critical):
        lines.info("before")
        speak("now")
        assert stream.getvalue().endswith("before\nnow\n")
    lines.info("after")
    await a_turn()
    assert stream.getvalue() == "before\nnow\n" * 3 + "after\n"


async def test_a_line_says_what_was_so_when_it_was_said() -> None:
    stream = Stream()
    lines = lines_into(stream)
    names = ["a"]
    fields = {"names": names, "number": 1}
    lines.quiet("info", {"part": "test"}, "said", fields)
    lines.quiet("info", {"part": "test"}, "plain", {"number": 2})
    names.append("b")
    assert stream.getvalue() == ""
    await a_turn()
    assert stream.getvalue().splitlines() == [
        "info said {'part': 'test', 'names': ['a'], 'number': 1}",
        "info plain {'part': 'test', 'number': 2}",
    ]


def test_without_a_loop_each_goes_at_once() -> None:
    stream = Stream()
    lines_into(stream).info("alone")
    assert stream.getvalue() == "alone\n"


def test_lines_left_by_a_loop_that_stopped_go_with_the_next() -> None:
    stream = Stream()
    lines = lines_into(stream)
    loop = asyncio.new_event_loop()
    loop.call_soon(lambda: (lines.info("left"), loop.stop()))
    loop.run_forever()
    loop.close()

    async def another() -> None:
        lines.info("next")
        await a_turn()

    asyncio.run(another())
    assert stream.getvalue() == "left\nnext\n"


async def test_another_thread_does_not_wait_for_the_loop() -> None:
    stream = Stream()
    lines = lines_into(stream)
    lines.info("loop")
    thread = Thread(target=lines.info, args=("thread",))
    thread.start()
    thread.join()
    assert stream.getvalue() == "loop\nthread\n"


async def test_who_speaks_in_the_middle_of_a_write_waits_for_nobody() -> None:
    """As a future does that is collected with an error that nobody asked for: its complaint is written as well."""
    stream = Stream()

    def interrupted(line: Quiet) -> str:
        if line.event == "first":
            lines.error("meanwhile")
        return rendered(line)

    lines = LogLines(stream, interrupted)
    lines.quiet("info", {}, "first", {})
    lines.quiet("info", {}, "second", {})
    await a_turn()
    assert stream.getvalue() == "info first {}\ninfo second {}\nmeanwhile\n"


async def test_a_line_that_cannot_be_rendered_takes_no_other_with_it() -> None:
    """It is not told why in the words of its values, and who speaks is not failed."""
    stream = Stream()

    def picky(line: Quiet) -> str:
        if line.event == "broken":
            raise ValueError(line.fields)
        return rendered(line)

    lines = LogLines(stream, picky)
    lines.quiet("info", {}, "before", {})
    lines.quiet("info", {}, "broken", {"number": 1})
    lines.quiet("info", {}, "broken", {"rendered when it is said": [2]})
    lines.quiet("info", {}, "after", {})
    await a_turn()
    instead = "error line_not_rendered {'part': 'log', 'said': 'broken', 'error': 'ValueError'}\n"
    assert stream.getvalue() == f"info before {{}}\n{instead}{instead}info after {{}}\n"


class Slow(Stream):
    """Takes its first write when it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.allowed = Event(), Event()

    def write(self, text: str) -> int:
        self.entered.set()
        self.allowed.wait()
        return super().write(text)


def test_what_is_said_while_another_thread_writes_is_written_by_that() -> None:
    stream = Slow()
    lines = lines_into(stream)
    thread = Thread(target=lines.info, args=("first",))
    thread.start()
    stream.entered.wait()
    lines.error("second")
    assert stream.getvalue() == ""
    stream.allowed.set()
    thread.join()
    assert stream.getvalue() == "first\nsecond\n"


class Full(Stream):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


async def test_a_stream_that_fails_fails_nobody() -> None:
    lines = lines_into(Full())
    lines.info("lost")
    await a_turn()
    lines.error("lost too")
