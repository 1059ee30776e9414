"""jupyter console, as a person at a terminal uses it."""
from __future__ import annotations

import re

import pexpect
import pytest

from notebooks import BIN, environment

DEADLINE = 60


class Terminal:
    def __init__(self, folder):
        self.child = pexpect.spawn(str(BIN / "jupyter-console"), ["--kernel", "thawbook", "--ZMQTerminalInteractiveShell.simple_prompt=False"], cwd=str(folder), env=environment(), encoding="utf-8", timeout=DEADLINE, dimensions=(40, 120))
        self.sees(r"In \[1\]")

    def sees(self, pattern: str) -> str:
        """Waits for a text; prompt_toolkit writes its colours and cursor moves between the letters' runs."""
        seen = ""
        while not re.search(pattern, plain(seen)):
            self.child.expect(r".+")
            seen += self.child.after
        return plain(seen)

    def types(self, text: str) -> None:
        self.child.send(text)


def plain(text: str) -> str:
    return re.sub(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[=>78])", "", text)


@pytest.fixture
def terminal(tmp_path):
    made = Terminal(tmp_path)
    yield made
    made.child.close(force=True)


def test_prints_completes_and_shows_results(terminal):
    terminal.types('const greeting: string = "hello";\r')
    terminal.sees(r"In \[2\]")
    terminal.types("greet\t")
    terminal.sees("greeting")
    terminal.types(".toUpperCase()\r")
    terminal.sees(r"Out\[2\]: .?'?HELLO")


def test_goes_on_to_the_next_line_of_a_block(terminal):
    terminal.types("function twice(n: number) {\r")
    terminal.sees(r"\.\.\.")
    terminal.types("return 2 * n; }\r\r")
    terminal.sees(r"In \[2\]")
    terminal.types("twice(21)\r")
    terminal.sees(r"Out\[2\]: 42")


def test_ctrl_c_ends_a_loop_and_variables_stay(terminal):
    terminal.types("let kept = 41;\r")
    terminal.sees(r"In \[2\]")
    terminal.types("console.log('looping'); while (true) {}\r")
    terminal.sees(r"looping\s")
    terminal.child.sendintr()
    terminal.sees("KeyboardInterrupt")
    terminal.types("kept + 1\r")
    terminal.sees(r"Out\[\d\]: 42")


def test_asks_for_a_line(terminal):
    terminal.types('console.log("hello " + await prompt("Name? "))\r')
    terminal.sees(r"Name\? $")
    terminal.types("Ada\r")
    terminal.sees("hello Ada")


def test_an_error_shows_its_cell_and_line(terminal):
    terminal.types('throw new RangeError("too far")\r')
    terminal.sees("RangeError: too far")
