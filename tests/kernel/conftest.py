"""A real kernel process, spoken to over ZeroMQ as a front end does."""
from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from jupyter_client import BlockingKernelClient, KernelManager

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "kernel" / "lib" / "main.js"
DEADLINE = float(os.environ.get("THAWBOOK_TEST_DEADLINE", "60"))


@dataclass
class Cell:
    """All that one execute_request brought about."""

    id: str
    messages: list = field(default_factory=list)
    reply: dict | None = None
    idle: bool = False

    def of(self, *types: str) -> list[dict]:
        return [m["content"] for m in self.messages if m["msg_type"] in types]

    def text(self, name: str = "stdout") -> str:
        return "".join(c["text"] for c in self.of("stream") if c["name"] == name)

    @property
    def result(self) -> str | None:
        results = self.of("execute_result")
        return results[0]["data"]["text/plain"] if results else None

    @property
    def error(self) -> dict | None:
        errors = self.of("error")
        return errors[0] if errors else None

    @property
    def traceback(self) -> str:
        return plain("\n".join(self.error["traceback"])) if self.error else ""


def plain(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)


class Kernel:
    """One kernel and one client. Every wait has a deadline; nothing waits by sleeping."""

    def __init__(self, cwd: Path, **options):
        self.manager = KernelManager(kernel_name="thawbook")
        self.manager.start_kernel(cwd=str(cwd), **options)
        self.process = psutil.Process(self.manager.provisioner.pid)
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=DEADLINE)
        self.cells: dict[str, Cell] = {}

    def send(self, code: str, **options) -> Cell:
        cell = Cell(self.client.execute(code, **{"allow_stdin": False, **options}))
        self.cells[cell.id] = cell
        return cell

    def run(self, code: str, **options) -> Cell:
        return self.wait(self.send(code, **options))

    def wait(self, cell: Cell, deadline: float = DEADLINE, until=None) -> Cell:
        """Until the cell has its reply and its idle status, or `until(cell)` holds."""
        end = time.monotonic() + deadline
        done = until or (lambda c: c.idle and c.reply is not None)
        while not done(cell):
            if time.monotonic() > end:
                raise AssertionError(f"waited {deadline} s; got {[m['msg_type'] for m in cell.messages]}, reply {cell.reply}")
            self.pump(0.05)
        return cell

    def pump(self, seconds: float = 0.05) -> None:
        """Takes what has come on iopub and shell to the cells it belongs to."""
        channels = (self.client.iopub_channel, self.client.shell_channel)
        end = time.monotonic() + seconds
        while True:
            got = False
            for channel in channels:
                while channel.msg_ready():
                    self.take(channel.get_msg(timeout=1))
                    got = True
            if got or time.monotonic() > end:
                return
            channels[0].socket.poll(10)

    def take(self, message: dict) -> None:
        cell = self.cells.get(message["parent_header"].get("msg_id", ""))
        if cell is None:
            return
        if message["msg_type"] == "execute_reply":
            cell.reply = message["content"]
            return
        cell.messages.append(message)
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            cell.idle = True

    def ask(self, msg_type: str, content: dict | None = None, channel: str = "shell", deadline: float = DEADLINE, header: dict | None = None) -> dict:
        """Sends a request and gives the content of its reply."""
        message = self.client.session.msg(msg_type, content or {})
        message["header"].update(header or {})
        wire = getattr(self.client, f"{channel}_channel")
        self.client.session.send(wire.socket, message)
        end = time.monotonic() + deadline
        while time.monotonic() < end:
            if not wire.socket.poll(50):
                continue
            reply = wire.get_msg(timeout=1)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply["content"]
            self.take(reply)
        raise AssertionError(f"no reply to {msg_type} within {deadline} s")

    def processes(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="session", autouse=True)
def kernelspec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kernelspec of this checkout, found by jupyter_client and nobody else's."""
    node = os.environ.get("THAWBOOK_TEST_NODE") or shutil.which("node")
    data = tmp_path_factory.mktemp("jupyter")
    folder = data / "kernels" / "thawbook"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({
        "argv": [node, str(MAIN), "{connection_file}"], "display_name": "Thawbook", "language": "typescript",
        "interrupt_mode": "message", "metadata": {"debugger": True},
    }))
    os.environ["JUPYTER_PATH"] = str(data)
    return folder


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory):
    """Shared by a file's tests: their names differ."""
    made = Kernel(tmp_path_factory.mktemp("notebook"))
    yield made
    made.stop()


@pytest.fixture
def fresh(tmp_path: Path):
    """A kernel of the test's own, for tests that end or break it."""
    made = Kernel(tmp_path)
    yield made
    made.stop()
