"""Whatever comes over the wire, the kernel answers the next request; and it ends when it should."""
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from conftest import Kernel


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


def test_a_cell_that_takes_promise_away(fresh):
    for broken in ("undefined", "class { constructor() { throw new Error('none') } }"):
        fresh.run(f"(globalThis as any).Promise = {broken}; 1")
        fresh.run("({ a: 1 })")
        assert fresh.run("1 + 1").result == "2"


def test_a_cell_that_replaces_what_collections_do(fresh):
    fresh.run("Map.prototype.get = () => { throw 1 }; Map.prototype.delete = () => { throw 2 }; WeakSet.prototype.has = () => { throw 3 }; 1")
    assert fresh.run("1 + 1").result == "2"


def test_a_cell_that_makes_everything_a_promise(fresh):
    cell = fresh.run("(Object.prototype as any).then = function (done: (value: unknown) => void) { delete (Object.prototype as any).then; done({}); }; ({ a: 1 })")
    assert all("data" in result for result in cell.of("execute_result"))
    assert fresh.run("1 + 1").result == "2"


def test_a_search_with_many_stars(kernel):
    kernel.run("'" + "a" * 60 + "'")
    pattern = "*a" * 25 + "b"
    assert kernel.ask("history_request", {"hist_access_type": "search", "pattern": pattern, "n": 5}, deadline=10)["history"] == []
    assert kernel.ask("history_request", {"hist_access_type": "search", "pattern": "?aaa*a*'", "n": 5})["history"] != []


def test_a_cell_that_removes_all_listeners(fresh):
    fresh.run("for (const event of ['uncaughtException', 'unhandledRejection']) process.removeAllListeners(event)")
    late = fresh.run("process.nextTick(() => { throw new Error('late') }); Promise.reject(new Error('rejected')); 1")
    fresh.wait(late, until=lambda c: len(c.of("error")) == 2)
    assert fresh.run("1 + 1").result == "2"


@pytest.mark.parametrize("code", ["(" * 10_000 + "1" + ")" * 10_000, "1" + "+1" * 20_000, "[" * 5_000])
def test_code_that_is_nested_deep(fresh, code):
    cell = fresh.run(code)
    assert cell.result or cell.error
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


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_killed_kernel_leaves_nothing(fresh, by, busy):
    fresh.run("1")
    if busy:
        fresh.wait(fresh.send("console.log('go'); while (true) {}"), until=lambda c: c.text() != "")
    processes = fresh.processes()
    os.kill(processes[0].pid, by)
    assert gone(processes), left(processes)
    end = time.monotonic() + 10
    while files_of(processes[0].pid):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_files_of_a_kernel_that_left_them_go_with_the_next(tmp_path_factory):
    gone_by = 4_000_000  # no process has such a number
    left_over = Path(tempfile.gettempdir(), f"thawbook-types-{gone_by}-x")
    left_over.mkdir(exist_ok=True)
    following = Kernel(tmp_path_factory.mktemp("following"))
    try:
        following.run("1")
        assert not left_over.exists()
    finally:
        following.stop()


def test_ctrl_c_in_the_servers_terminal_is_the_servers(kernel):
    cell = kernel.send("console.log('go'); await new Promise((resolve) => setTimeout(resolve, 200)); 'went on'")
    kernel.wait(cell, until=lambda c: c.text() != "")
    os.kill(kernel.process.pid, signal.SIGINT)
    assert kernel.wait(cell).result == "'went on'"


def test_ten_thousand_queued_cells(fresh):
    fresh.run("%check off\nvar ran = 0;")
    cells = [fresh.send(f"ran += 1; {i}") for i in range(9_999)]
    last = fresh.send("ran")
    # whatever waits, the control channel answers at once
    assert fresh.ask("kernel_info_request", channel="control", deadline=20)["status"] == "ok"
    fresh.wait(last, deadline=240)
    assert last.result == "9999"
    assert all(cell.idle and cell.reply["status"] == "ok" for cell in cells)


def test_a_frame_that_is_too_large_ends_its_connection_only(kernel):
    """ZeroMQ refuses it by its header, before it is read."""
    with socket.create_connection(("127.0.0.1", kernel.client.shell_port)) as peer:
        peer.sendall(b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + b"\x00" + b"\0" * 31)
        peer.sendall(b"\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER")
        peer.sendall(b"\x02" + (1 << 40).to_bytes(8, "big") + b"x" * 100)
        peer.settimeout(20)
        while peer.recv(4096):
            pass
    assert kernel.run("'alive'").result == "'alive'"


def test_a_message_that_breaks_off(kernel):
    with socket.create_connection(("127.0.0.1", kernel.client.shell_port)) as peer:
        peer.sendall(b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL")
    assert kernel.run("'alive'").result == "'alive'"


def test_the_key_is_in_no_output(tmp_path):
    """Neither in what a cell can see of the process, nor in what the kernel says of faults."""
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        made = Kernel(tmp_path, stderr=stderr)
        key = made.client.session.key.decode()
        try:
            for what in BAD.values():
                made.client.shell_channel.socket.send_multipart(what(made))
            shown = made.run("import { inspect } from 'node:util';\nconsole.log(inspect(process, { depth: 6, showHidden: true }), inspect(globalThis, { depth: 6, showHidden: true }), inspect(process.report.getReport(), { depth: 9 }));")
            failed = made.run("throw new Error('x')")
            assert shown.reply["status"] == "ok" and len(shown.text()) > 1000
            messages = json.dumps([m["content"] for cell in (shown, failed) for m in cell.messages])
        finally:
            made.stop()
    assert key not in messages
    assert key not in log.read_text(errors="replace")


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
