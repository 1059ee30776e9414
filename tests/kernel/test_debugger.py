"""JupyterLab's debugger stops in TypeScript cells."""
import itertools
import time

import pytest

COUNT = itertools.count(1)


def ask(kernel, command, **arguments):
    reply = kernel.ask("debug_request", {"seq": next(COUNT), "type": "request", "command": command, "arguments": arguments}, channel="control", deadline=20)
    assert reply["success"], reply
    return reply["body"]


def event(kernel, name, deadline=20):
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        message = kernel.client.get_iopub_msg(timeout=deadline)
        if message["msg_type"] == "debug_event" and message["content"]["event"] == name:
            return message["content"]["body"]
        kernel.take(message)
    raise AssertionError(f"no {name} event")


@pytest.fixture
def debugged(kernel):
    ask(kernel, "initialize", clientID="test", adapterID="")
    ask(kernel, "attach")
    yield kernel
    ask(kernel, "disconnect", restart=False, terminateDebuggee=True)


CODE = "interface Q { z: number }\nlet first: number = 1;\nlet second: number = first + 41;\nlet third = second + 1;\nconsole.log(third);"


def test_advertised(kernel):
    info = kernel.ask("kernel_info_request")
    assert info["debugger"] and "debugger" in info["supported_features"]


def stop(kernel, code, line):
    path = ask(kernel, "dumpCell", code=code)["sourcePath"]
    points = ask(kernel, "setBreakpoints", source={"path": path}, breakpoints=[{"line": line}], sourceModified=False)["breakpoints"]
    assert points[0]["verified"]
    ask(kernel, "configurationDone")
    cell = kernel.send(code)
    event(kernel, "stopped")
    frame = ask(kernel, "stackTrace", threadId=1)["stackFrames"][0]
    assert frame["line"] == line
    return cell, frame, path


def test_breakpoint_variables_step_and_continue(debugged):
    cell, frame, path = stop(debugged, CODE, 4)
    values = {}
    for scope in ask(debugged, "scopes", frameId=frame["id"])["scopes"]:
        if not scope.get("expensive"):
            for variable in ask(debugged, "variables", variablesReference=scope["variablesReference"])["variables"]:
                values[variable["name"]] = variable["value"]
    assert values["second"] == "42"
    ask(debugged, "next", threadId=1)
    event(debugged, "stopped")
    assert ask(debugged, "stackTrace", threadId=1)["stackFrames"][0]["line"] == 5
    ask(debugged, "setBreakpoints", source={"path": path}, breakpoints=[])
    ask(debugged, "continue", threadId=1)
    assert debugged.wait(cell).text() == "43\n"


def test_interrupt_at_a_breakpoint(debugged):
    code = "let paused = 5;\npaused += 1;\nconsole.log(paused);"
    cell, _, path = stop(debugged, code, 2)
    debugged.ask("interrupt_request", channel="control", deadline=5)
    debugged.wait(cell)
    assert cell.error["ename"] == "KeyboardInterrupt"
    ask(debugged, "setBreakpoints", source={"path": path}, breakpoints=[])
    assert debugged.run("1 + 1").result == "2"


def uncaught(kernel, state):
    ask(kernel, "setExceptionBreakpoints", filters=state)


@pytest.mark.parametrize("code, line", [
    ('throw new Error("at once");', 1),
    ('function deep(): void {\n  throw new Error("deep");\n}\ndeep();', 2),
    ('await null;\nthrow new Error("later");', 2),
    ('async function slow(): Promise<void> {\n  await null;\n  throw new Error("slow");\n}\nawait slow();', 3),
])
def test_stops_where_an_uncaught_error_is_thrown(debugged, code, line):
    uncaught(debugged, ["uncaught"])
    cell = debugged.send(code)
    assert event(debugged, "stopped")["reason"] == "exception"
    assert ask(debugged, "stackTrace", threadId=1)["stackFrames"][0]["line"] == line
    ask(debugged, "continue", threadId=1)
    debugged.wait(cell)
    assert cell.error["ename"] == "Error"
    uncaught(debugged, [])


def test_errors_that_are_caught_do_not_stop(debugged):
    uncaught(debugged, ["uncaught"])
    cell = debugged.run('try { throw new Error("caught"); } catch {}\nawait Promise.reject(new Error("too")).catch(() => 1);\nasync function f() { throw new Error("awaited"); }\ntry { await f(); } catch {}\n"through"')
    assert cell.result == "'through'"
    uncaught(debugged, [])


def test_breakpoint_after_an_enum_stops_on_its_own_line(debugged):
    code = "enum Way { Up, Down }\nfunction which(way: Way): string {\n  const name = Way[way];\n  return name;\n}\nwhich(Way.Down)"
    cell, _, path = stop(debugged, code, 4)
    ask(debugged, "setBreakpoints", source={"path": path}, breakpoints=[])
    ask(debugged, "continue", threadId=1)
    assert debugged.wait(cell).result == "'Down'"
