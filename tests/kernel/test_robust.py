"""Whatever comes over the wire, the kernel answers the next request; and it ends when it should."""
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest


def header(**fields) -> bytes:
    return json.dumps({"msg_id": os.urandom(8).hex(), "session": "s", "username": "u", "version": "5.3", "date": "2026-01-01T00:00:00Z", **fields}).encode()


def signed(kernel, *parts: bytes) -> list[bytes]:
    signature = hmac.new(kernel.client.session.key, b"".join(parts), hashlib.sha256).hexdigest().encode()
    return [b"<IDS|MSG>", signature, *parts]


BAD = {
    "no delimiter": lambda k: [b"garbage", b"more"],
    "nothing after the delimiter": lambda k: [b"<IDS|MSG>"],
    "too few frames": lambda k: [b"<IDS|MSG>", b"", b"{}"],
    "no JSON": lambda k: signed(k, b"{not json", b"{}", b"{}", b"{}"),
    "JSON of another shape": lambda k: signed(k, b"[1]", b"3", b"null", b'"x"'),
    "a header without a type": lambda k: signed(k, header(), b"{}", b"{}", b"{}"),
    "an unknown type": lambda k: signed(k, header(msg_type="no_such_request"), b"{}", b"{}", b"{}"),
    "invalid UTF-8": lambda k: signed(k, b"\xff\xfe", b"{}", b"{}", b"{}"),
    "deep nesting": lambda k: signed(k, header(msg_type="execute_request"), b"{}", b"{}", b"[" * 100_000),
    "execute without code": lambda k: signed(k, header(msg_type="execute_request"), b"{}", b"{}", b"{}"),
    "completion without code": lambda k: signed(k, header(msg_type="complete_request"), b"{}", b"{}", b'{"cursor_pos": -5}'),
    "completion far beyond the end": lambda k: signed(k, header(msg_type="complete_request"), b"{}", b"{}", b'{"code": "a", "cursor_pos": 1e9}'),
    "comm without id": lambda k: signed(k, header(msg_type="comm_msg"), b"{}", b"{}", b"{}"),
    "history of nonsense": lambda k: signed(k, header(msg_type="history_request"), b"{}", b"{}", b'{"hist_access_type": "search", "pattern": "[(", "n": -1}'),
    "debug request of nonsense": lambda k: signed(k, header(msg_type="debug_request"), b"{}", b"{}", b'{"command": 7}'),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("channel", ["shell", "control", "stdin"])
def test_bad_messages(kernel, what, channel):
    getattr(kernel.client, f"{channel}_channel").socket.send_multipart(BAD[what](kernel))
    assert kernel.run("'alive'").result == "'alive'"


def test_wrong_signature_is_not_run(kernel):
    content = json.dumps({"code": "globalThis.forged = 666", "silent": False}).encode()
    parts = [header(msg_type="execute_request"), b"{}", b"{}", content]
    for signature in (hmac.new(b"wrong", b"".join(parts), hashlib.sha256).hexdigest().encode(), b"", b"0" * 64):
        kernel.client.shell_channel.socket.send_multipart([b"<IDS|MSG>", signature, *parts])
    assert kernel.run("'forged' in globalThis").result == "false"


def test_a_cell_that_replaces_globals(fresh):
    fresh.run("(globalThis as any).setImmediate = undefined; (globalThis as any).JSON = { stringify() { return 'x' } }; (globalThis as any).queueMicrotask = null; process.emit = (() => { throw 1 }) as any;")
    fresh.run("JSON = 5 as any")
    assert fresh.run("1 + 1").result == "2"


def left(processes) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def gone(processes, seconds=5) -> bool:
    end = time.monotonic() + seconds
    while left(processes):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def files_of(pid: int) -> list[str]:
    import tempfile

    return [name for name in os.listdir(tempfile.gettempdir()) if name.startswith("thawbook") and str(pid) in name]


@pytest.mark.parametrize("busy", ["", "while (true) {}", "await new Promise(() => {})"])
def test_shutdown_leaves_nothing(fresh, busy):
    fresh.run("1")
    if busy:
        fresh.wait(fresh.send(f"console.log('go'); {busy}"), until=lambda c: c.text() != "")
    processes = fresh.processes()
    assert fresh.ask("shutdown_request", {"restart": False}, channel="control", deadline=5)["restart"] is False
    assert gone(processes), left(processes)
    assert files_of(processes[0].pid) == []


def test_restart(fresh):
    fresh.run("let before = 1")
    old = fresh.processes()
    fresh.manager.restart_kernel()
    fresh.client.wait_for_ready(timeout=60)
    assert gone(old)
    assert fresh.run("typeof (globalThis as any).before").result == "'undefined'"
    assert fresh.run("before").reply["status"] == "error"


def test_killed_kernel_leaves_no_children(fresh):
    fresh.run("1")
    processes = fresh.processes()
    os.kill(processes[0].pid, signal.SIGKILL)
    assert gone(processes), left(processes)


def test_the_kernel_ends_with_its_parent(tmp_path):
    """As a server that crashes: nobody sends a shutdown_request."""
    script = tmp_path / "server.py"
    script.write_text(
        "import sys\nfrom jupyter_client import KernelManager\n"
        "m = KernelManager(kernel_name='thawbook')\nm.start_kernel(cwd=sys.argv[1])\n"
        "c = m.client()\nc.start_channels()\nc.wait_for_ready(timeout=60)\n"
        "c.execute('while (true) {}')\nprint(m.provisioner.pid, flush=True)\nsys.stdin.read()\n")
    server = subprocess.Popen([sys.executable, str(script), str(tmp_path)], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    try:
        kernel = psutil.Process(int(server.stdout.readline()))
        processes = [kernel, *kernel.children(recursive=True)]
    finally:
        server.kill()
        server.wait()
    assert gone(processes, 8), left(processes)


def test_a_missing_connection_file(tmp_path):
    from conftest import MAIN

    ended = subprocess.run(["node", str(MAIN), str(tmp_path / "none.json")], capture_output=True, text=True, timeout=30)
    assert ended.returncode != 0
    assert "none.json cannot be read" in ended.stderr
