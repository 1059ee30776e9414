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


HOOKS = {
    "AsyncLocalStorage": "import { AsyncLocalStorage } from 'node:async_hooks'; new AsyncLocalStorage<number>().enterWith(5);",
    "an async hook": "import { createHook } from 'node:async_hooks'; createHook({ init() {}, before() {}, after() {}, destroy() {} }).enable();",
}
PAUSES = {
    "at the top": "let at = 1;\nat += 1;\nat",
    "after an await": "await new Promise((r) => setTimeout(r, 5));\nlet late = 2;\nlate",
    "after a microtask": "await null;\nlet soon = 2;\nsoon",
    "in a timer": "await new Promise<void>((r) => setTimeout(() => {\nr();\n}, 5));",
    "in a file's callback": "import { readFile } from 'node:fs';\nawait new Promise<void>((r) => readFile('none', () => {\nr();\n}));",
    "in a tick": "await new Promise<void>((r) => process.nextTick(() => {\nr();\n}));",
}


@pytest.mark.parametrize("hook", HOOKS)
def test_interrupts_at_a_breakpoint_are_sound(debugged, hook):
    debugged.run(HOOKS[hook] + " var kept = 'kept';")
    for where, code in PAUSES.items():
        line = 3 if where == "in a file's callback" else 2
        cell, _, path = stop(debugged, code, line)
        debugged.ask("interrupt_request", channel="control", deadline=5)
        debugged.wait(cell, deadline=10)
        assert cell.error and cell.error["ename"] == "KeyboardInterrupt", (where, cell.error)
        ask(debugged, "setBreakpoints", source={"path": path}, breakpoints=[])
        assert debugged.run("await new Promise((r) => setTimeout(r, 2)); await null; kept").result == "'kept'", where


LOOP = "const seen: number[] = [];\nfor (let turn = 1; turn <= 6; turn++) {\n  seen.push(turn);\n}\nseen.length"


def stops(kernel, **breakpoint):
    """The turns at which a breakpoint in the loop stops."""
    path = ask(kernel, "dumpCell", code=LOOP)["sourcePath"]
    points = ask(kernel, "setBreakpoints", source={"path": path}, breakpoints=[{"line": 3, **breakpoint}], sourceModified=False)["breakpoints"]
    assert points[0]["verified"], points
    cell, found = kernel.send(LOOP), []
    while not (cell.idle and cell.reply):
        if not kernel.client.iopub_channel.socket.poll(50):
            kernel.pump(0.01)
            continue
        message = kernel.client.get_iopub_msg(timeout=5)
        kernel.take(message)
        if message["msg_type"] == "debug_event" and message["content"]["event"] == "stopped":
            frame = ask(kernel, "stackTrace", threadId=1)["stackFrames"][0]
            found.append(int(ask(kernel, "evaluate", expression="turn as number", frameId=frame["id"])["result"]))
            ask(kernel, "continue", threadId=1)
    ask(kernel, "setBreakpoints", source={"path": path}, breakpoints=[])
    return found, cell


@pytest.mark.parametrize("breakpoint, turns", [
    ({"condition": "turn % 2 === 0"}, [2, 4, 6]),
    ({"condition": "(turn as number) === 5"}, [5]),
    ({"hitCondition": "3"}, [3]),
    ({"hitCondition": ">= 5"}, [5, 6]),
    ({"hitCondition": "% 2"}, [2, 4, 6]),
    ({"condition": "turn > 2", "hitCondition": "2"}, [4]),
])
def test_breakpoints_with_conditions(debugged, breakpoint, turns):
    assert stops(debugged, **breakpoint)[0] == turns


def test_log_points_print_and_go_on(debugged):
    turns, cell = stops(debugged, logMessage="turn {turn} of {seen.length + 6 - turn + 1}, `so`", condition="turn < 3")
    assert turns == [] and cell.text() == "turn 1 of 6, `so`\nturn 2 of 6, `so`\n"


@pytest.mark.parametrize("breakpoint, said", [
    ({"condition": "turn ==="}, "cannot be read"), ({"hitCondition": "often"}, "a hit condition is a number"), ({"logMessage": "{turn +}"}, "cannot be read"),
])
def test_what_cannot_be_read_is_said(debugged, breakpoint, said):
    path = ask(debugged, "dumpCell", code=LOOP)["sourcePath"]
    point = ask(debugged, "setBreakpoints", source={"path": path}, breakpoints=[{"line": 3, **breakpoint}])["breakpoints"][0]
    assert not point["verified"] and said in point["message"]


def test_rich_inspection_shows_what_the_notebook_would(debugged):
    code = "const table = new dfd.DataFrame({ a: [1, 2] });\nconst square = tf.tensor2d([[1, 2], [3, 4]]);\nconst model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });\nconst plainOne = 5;\nplainOne"
    cell, frame, path = stop(debugged, code, 5)
    paused = {name: ask(debugged, "richInspectVariables", variableName=name, frameId=frame["id"])["data"] for name in ("table", "square", "model", "plainOne")}
    ask(debugged, "setBreakpoints", source={"path": path}, breakpoints=[])
    ask(debugged, "continue", threadId=1)
    debugged.wait(cell)
    running = {name: ask(debugged, "richInspectVariables", variableName=name)["data"] for name in paused}
    for shown in (paused, running):
        assert "text/html" in shown["table"] and "[2, 2]" in shown["square"]["text/plain"] and "image/png" in shown["model"], {k: list(v) for k, v in shown.items()}
        assert shown["plainOne"] == {"text/plain": "5"}
