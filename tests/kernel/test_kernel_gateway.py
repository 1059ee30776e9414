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
        self.socket = websocket.create_connection(f"ws://127.0.0.1:{gateway.port}/api/kernels/{self.id}/channels", header=[f"Authorization: token {TOKEN}"], timeout=DEADLINE)

    def send(self, code: str) -> str:
        message = str(uuid.uuid4())
        header = {"msg_id": message, "msg_type": "execute_request", "username": "", "session": "tests", "version": "5.4", "date": ""}
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        self.socket.send(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell", "buffers": []}))
        return message

    def until(self, message: str, *types: str) -> list[dict]:
        """Messages of a request, up to one of these types."""
        seen = []
        while not seen or seen[-1]["msg_type"] not in types:
            received = json.loads(self.socket.recv())
            if received["parent_header"].get("msg_id") == message:
                seen.append(received)
        return seen


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


def test_executes(remote):
    seen = remote.until(remote.send("console.log('far');\nconst n: number = 42;\nn"), "execute_reply")
    texts = [m["content"]["text"] for m in seen if m["msg_type"] == "stream"]
    results = [m["content"]["data"]["text/plain"] for m in seen if m["msg_type"] == "execute_result"]
    assert (texts, results, seen[-1]["content"]["status"]) == (["far\n"], ["42"], "ok")


def test_interrupts_and_keeps_variables(remote, gateway):
    remote.until(remote.send("let kept = 41;"), "execute_reply")
    loop = remote.send("console.log('looping');\nwhile (true) kept = 41;")
    remote.until(loop, "stream")
    gateway.ask("POST", f"kernels/{remote.id}/interrupt")
    assert remote.until(loop, "execute_reply")[-1]["content"]["ename"] == "KeyboardInterrupt"
    seen = remote.until(remote.send("kept + 1"), "execute_reply")
    assert [m["content"]["data"]["text/plain"] for m in seen if m["msg_type"] == "execute_result"] == ["42"]


def test_restarts(remote, gateway):
    remote.until(remote.send("const before = 1;"), "execute_reply")
    gateway.ask("POST", f"kernels/{remote.id}/restart")
    remote.socket.close()
    remote.socket = websocket.create_connection(f"ws://127.0.0.1:{gateway.port}/api/kernels/{remote.id}/channels", header=[f"Authorization: token {TOKEN}"], timeout=DEADLINE)
    seen = remote.until(remote.send("typeof globalThis, 'anew'"), "execute_reply")
    assert seen[-1]["content"]["status"] == "ok"
