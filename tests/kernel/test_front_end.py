"""Questions, comms and the services of an editor, also while a cell runs."""
import time

import pytest
import zmq


def answer(kernel, cell, value):
    request = kernel.client.stdin_channel.get_msg(timeout=20)
    kernel.client.input(value)
    kernel.wait(cell)
    return request["content"]


def test_prompt_and_password(kernel):
    cell = kernel.send("const name1 = prompt('Who? ');", allow_stdin=True)
    assert answer(kernel, cell, "Ada \U0001F600") == {"prompt": "Who? ", "password": False}
    assert kernel.run("name1").result == "'Ada \U0001F600'"
    cell = kernel.send("password('Key: ').length", allow_stdin=True)
    assert answer(kernel, cell, "abc") == {"prompt": "Key: ", "password": True}
    assert cell.result == "3"


def test_prompt_without_a_front_end_that_answers(kernel):
    assert "allow_stdin" in kernel.run("prompt('?')", allow_stdin=False).error["evalue"]


def comm(kernel, kind, content, timeout=20):
    message = kernel.client.session.msg(kind, content)
    kernel.client.session.send(kernel.client.shell_channel.socket, message)
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        got = kernel.client.get_iopub_msg(timeout=timeout)
        if got["msg_type"].startswith("comm_") and got["content"]["comm_id"] == content["comm_id"]:
            return got
        kernel.take(got)
    raise AssertionError("no answer on the comm")


def test_comms_from_the_front_end_also_while_a_cell_awaits(kernel):
    kernel.run("comms.register('t1', (comm, data) => { comm.send({ hello: data }); comm.onMessage((m) => comm.send({ echo: m })); });")
    opened = comm(kernel, "comm_open", {"comm_id": "c1", "target_name": "t1", "data": {"a": 1}})
    assert opened["content"]["data"] == {"hello": {"a": 1}}
    cell = kernel.send("console.log('go'); await new Promise((r) => setTimeout(r, 1500));")
    kernel.wait(cell, until=lambda c: c.text() != "")
    echoed = comm(kernel, "comm_msg", {"comm_id": "c1", "data": {"n": 5}})
    assert echoed["content"]["data"] == {"echo": {"n": 5}}
    assert not cell.idle
    kernel.wait(cell)
    assert kernel.ask("comm_info_request", {"target_name": "t1"})["comms"] == {"c1": {"target_name": "t1"}}


def test_unknown_target_is_closed(kernel):
    assert comm(kernel, "comm_open", {"comm_id": "c2", "target_name": "nobody", "data": {}})["msg_type"] == "comm_close"


def test_a_target_that_throws_is_closed(kernel):
    kernel.run("comms.register('thrower', () => { throw new Error('not today') })")
    assert comm(kernel, "comm_open", {"comm_id": "never", "target_name": "thrower", "data": {}})["msg_type"] == "comm_close"
    assert "never" not in kernel.ask("comm_info_request")["comms"]


def test_a_target_that_a_queued_cell_registers(kernel):
    kernel.send("await new Promise((r) => setTimeout(r, 200)); comms.register('t3', (comm) => comm.send({ here: true }));")
    assert comm(kernel, "comm_open", {"comm_id": "c3", "target_name": "t3", "data": {}})["content"].get("data") == {"here": True}


def test_comms_from_the_kernel(kernel):
    cell = kernel.run("const heard: unknown[] = []; const out = comms.open('front', { a: 1 }); out.onMessage((m) => heard.push(m));")
    opened = cell.of("comm_open")[0]
    assert (opened["target_name"], opened["data"]) == ("front", {"a": 1})
    message = kernel.client.session.msg("comm_msg", {"comm_id": opened["comm_id"], "data": {"pong": 9}})
    kernel.client.session.send(kernel.client.shell_channel.socket, message)
    assert kernel.run("await new Promise((r) => setTimeout(r, 50)); JSON.stringify(heard)").result == "'[{\"pong\":9}]'"


def test_everything_answers_while_main_is_in_a_loop(kernel):
    heartbeat = zmq.Context.instance().socket(zmq.REQ)
    heartbeat.connect(f"tcp://{kernel.manager.ip}:{kernel.manager.hb_port}")
    cell = kernel.send("console.log('go'); { const end = Date.now() + 4000; while (Date.now() < end); }")
    kernel.wait(cell, until=lambda c: c.text() != "")
    heartbeat.send(b"ping")
    assert heartbeat.poll(1000) and heartbeat.recv() == b"ping"
    heartbeat.close(linger=0)
    assert kernel.ask("kernel_info_request", deadline=2)["implementation"] == "thawbook"
    assert kernel.ask("kernel_info_request", channel="control", deadline=2)["status"] == "ok"
    assert "floor" in kernel.ask("complete_request", {"code": "Math.", "cursor_pos": 5}, deadline=3)["matches"]
    assert kernel.ask("inspect_request", {"code": "Math.floor", "cursor_pos": 8, "detail_level": 0}, deadline=3)["found"]
    assert kernel.ask("is_complete_request", {"code": "f("}, deadline=2)["status"] == "incomplete"
    assert not cell.idle
    kernel.wait(cell)


def test_cursor_in_code_points(kernel):
    kernel.run("const point = { alpha: 1, beta: 'x' };")
    code = 'const s1 = "\U0001F600\U0001F600"; point.al'
    reply = kernel.ask("complete_request", {"code": code, "cursor_pos": len(code)})
    applied = [code[: reply["cursor_start"]] + match + code[reply["cursor_end"]:] for match in reply["matches"]]
    assert 'const s1 = "\U0001F600\U0001F600"; point.alpha' in applied


@pytest.mark.parametrize(("code", "status"), [("const a = 1", "complete"), ("function f() {", "incomplete"), ("const = 3 +* ;", "invalid")])
def test_is_complete(kernel, code, status):
    assert kernel.ask("is_complete_request", {"code": code})["status"] == status


def test_subshells(kernel):
    made = kernel.ask("create_subshell_request", channel="control")["subshell_id"]
    assert kernel.ask("list_subshell_request", channel="control")["subshell_id"] == [made]
    slow = kernel.send("console.log('go'); await new Promise((r) => setTimeout(r, 1500)); 'slow'")
    kernel.wait(slow, until=lambda c: c.text() != "")
    content = {"code": "'quick'", "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    assert kernel.ask("execute_request", content, header={"subshell_id": made}, deadline=20)["status"] == "ok"
    assert not slow.idle
    assert kernel.wait(slow).result == "'slow'"
    assert kernel.ask("delete_subshell_request", {"subshell_id": made}, channel="control")["status"] == "ok"
    assert kernel.ask("delete_subshell_request", {"subshell_id": made}, channel="control")["status"] == "error"
