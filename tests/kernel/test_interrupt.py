"""An interrupt ends the cell, soon, and nothing else."""
import time

import pytest

LOOPS = {
    "at top level": "console.log('go'); while (true) {}",
    "after an await": "console.log('go'); await new Promise((r) => setTimeout(r, 1)); while (true) {}",
    "in a timer": "console.log('go'); setTimeout(() => { while (true) {} }, 1); await new Promise(() => {});",
    "in a microtask": "console.log('go'); Promise.resolve().then(() => { while (true) {} }); await new Promise(() => {});",
    "that never resolves": "console.log('go'); await new Promise(() => {});",
    "that prints": "console.log('go'); while (true) console.log('x'.repeat(1000));",
    "in finally": "console.log('go'); try { throw 1 } finally { while (true) {} }",
}


def interrupt(kernel):
    kernel.ask("interrupt_request", channel="control", deadline=5)


@pytest.mark.parametrize("where", LOOPS)
def test_endless_loops_end(kernel, where):
    kernel.run("var keep1 = 123;")
    cell = kernel.send(LOOPS[where])
    kernel.wait(cell, until=lambda c: "go" in c.text())
    began = time.monotonic()
    interrupt(kernel)
    kernel.wait(cell, deadline=10)
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert time.monotonic() - began < 3
    assert kernel.run("keep1").result == "123"


def test_interrupt_while_idle_is_harmless(kernel):
    interrupt(kernel)
    assert kernel.run("1").result == "1"
    # and does not wait for the next cell
    assert kernel.run("await new Promise((r) => setTimeout(r, 120)); 2").result == "2"


def test_queued_cells_are_aborted(kernel):
    first = kernel.send("console.log('go'); while (true) {}")
    second = kernel.send("'never'")
    kernel.wait(first, until=lambda c: c.text() != "")
    interrupt(kernel)
    kernel.wait(first), kernel.wait(second)
    assert second.reply["status"] == "aborted"


def test_finally_runs_where_the_cell_listens(kernel):
    cell = kernel.send("""
console.log('go');
try { await new Promise((_, reject) => interrupted.addEventListener('abort', () => reject(interrupted.reason))); }
finally { console.log('cleaned up'); }""")
    kernel.wait(cell, until=lambda c: "go" in c.text())
    interrupt(kernel)
    kernel.wait(cell)
    assert cell.text() == "go\ncleaned up\n"
    assert cell.error["ename"] == "KeyboardInterrupt"


def test_prompt_can_be_interrupted(kernel):
    cell = kernel.send("console.log('go'); prompt('name?')", allow_stdin=True)
    kernel.wait(cell, until=lambda c: "go" in c.text())
    interrupt(kernel)
    kernel.wait(cell)
    assert cell.error["ename"] == "KeyboardInterrupt"


def test_a_promise_that_nobody_will_settle_may_be_collected(kernel):
    """V8's inspector ends the cell then (Node 20, 24) or aborts the process (Node 22), unless the kernel holds the promise."""
    kernel.run("import { setFlagsFromString } from 'node:v8'; import { runInNewContext } from 'node:vm';\nsetFlagsFromString('--expose-gc'); const collect: () => void = runInNewContext('gc');")
    cell = kernel.send("setTimeout(() => { collect(); collect(); console.log('collected'); }, 20); await new Promise(() => {});")
    kernel.wait(cell, until=lambda c: "collected" in c.text())
    interrupt(kernel)
    kernel.wait(cell)
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert [m["msg_type"] for m in cell.messages].count("error") == 1
    assert kernel.run("collect(); 'alive'").result == "'alive'"


def test_an_expression_that_never_ends_is_interrupted_too(kernel):
    cell = kernel.send("console.log('ran')", user_expressions={"never": "await new Promise(() => {})"})
    kernel.wait(cell, until=lambda c: "ran" in c.text())
    time.sleep(0.3)  # the expression itself gives no sign
    interrupt(kernel)
    kernel.wait(cell, deadline=10)
    assert cell.reply["user_expressions"]["never"]["ename"] == "KeyboardInterrupt"
    assert kernel.run("2 + 2").result == "4"
