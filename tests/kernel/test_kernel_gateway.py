"""jupyter_kernel_gateway: kernels over HTTP and a WebSocket."""
from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
import uuid

import pytest
import websocket

from notebooks import BIN, environment

TOKEN = "gateway-tests"
DEADLINE = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Gateway:
    def __init__(self, folder):
        self.port = free_port()
        self.process = subprocess.Popen(
            [BIN / "jupyter-kernelgateway", f"--KernelGatewayApp.port={self.port}", "--KernelGatewayApp.ip=127.0.0.1", f"--KernelGatewayApp.auth_token={TOKEN}", "--KernelGatewayApp.port_retries=0"],
            cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + DEADLINE
        while True:
            try:
                self.ask("GET", "kernelspecs")
                return
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, "the gateway did not start"
                time.sleep(0.1)

    def ask(self, method: str, path: str, body: dict | None = None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/{path}", method=method, data=json.dumps(body).encode() if body else None)
        request.add_header("Authorization", f"token {TOKEN}")
        with urllib.request.urlopen(request, timeout=DEADLINE) as reply:
            text = reply.read()
            return json.loads(text) if text else None

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Remote:
    """One kernel behind the gateway."""

    def __init__(self, gateway: Gateway):
        self.gateway = gateway
        self.id = gateway.ask("POST", "kernels", {"name": "thawbook"})["id"]
        self.connect()

    def connect(self) -> None:
        address = f"ws://127.0.0.1:{self.gateway.port}/api/kernels/{self.id}/channels"
        self.socket = websocket.create_connection(address, header=[f"Authorization: token {TOKEN}"], timeout=DEADLINE)

    def send(self, code: str) -> str:
        message = str(uuid.uuid4())
        header = {"msg_id": message, "msg_type": "execute_request", "username": "", "session": "tests", "version": "5.4", "date": ""}
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        self.socket.send(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell", "buffers": []}))
        return message

    def until(self, message: str, msg_type: str) -> list[dict]:
        """Messages of a request, up to one of this type."""
        seen = []
        while not seen or seen[-1]["msg_type"] != msg_type:
            seen.extend(self.next(message))
        return seen

    def done(self, message: str) -> tuple[dict, list[dict]]:
        """The reply, and all that came on iopub: the channels keep no order among each other."""
        seen = []
        while not (any(m["msg_type"] == "execute_reply" for m in seen) and any(m["content"].get("execution_state") == "idle" for m in seen)):
            seen.extend(self.next(message))
        return next(m["content"] for m in seen if m["msg_type"] == "execute_reply"), seen

    def next(self, message: str) -> list[dict]:
        received = json.loads(self.socket.recv())
        return [received] if received["parent_header"].get("msg_id") == message else []


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    made = Gateway(tmp_path_factory.mktemp("gateway"))
    yield made
    made.stop()


@pytest.fixture
def remote(gateway):
    made = Remote(gateway)
    yield made
    made.socket.close()
    gateway.ask("DELETE", f"kernels/{made.id}")


def test_offers_the_kernel(gateway):
    assert gateway.ask("GET", "kernelspecs")["kernelspecs"]["thawbook"]["spec"]["language"] == "typescript"


def results(seen: list[dict]) -> list[str]:
    return [m["content"]["data"]["text/plain"] for m in seen if m["msg_type"] == "execute_result"]


def test_executes(remote):
    reply, seen = remote.done(remote.send("console.log('far');\nconst n: number = 42;\nn"))
    texts = [m["content"]["text"] for m in seen if m["msg_type"] == "stream"]
    assert (texts, results(seen), reply["status"]) == (["far\n"], ["42"], "ok")


def test_interrupts_and_keeps_variables(remote, gateway):
    remote.done(remote.send("let kept = 41;"))
    loop = remote.send("console.log('looping');\nwhile (true) kept = 41;")
    remote.until(loop, "stream")
    gateway.ask("POST", f"kernels/{remote.id}/interrupt")
    assert remote.done(loop)[0]["ename"] == "KeyboardInterrupt"
    assert results(remote.done(remote.send("kept + 1"))[1]) == ["42"]


def test_restarts(remote, gateway):
    remote.done(remote.send("const before = 1;"))
    gateway.ask("POST", f"kernels/{remote.id}/restart")
    remote.socket.close()
    remote.connect()
    reply, _ = remote.done(remote.send("before"))
    assert reply["status"] == "error" and "before" in reply["evalue"]
