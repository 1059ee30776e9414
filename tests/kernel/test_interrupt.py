"""An interrupt ends the cell, soon, and nothing else."""
import sys
import time

import pytest
from conftest import Kernel
from endless import LOOP, LOOPS, NEVER, WATCHED

@pytest.fixture(scope="module", params=WATCHED)
def watched(request, tmp_path_factory):
    made = Kernel(tmp_path_factory.mktemp("notebook"))
    made.run(WATCHED[request.param] + "\nvar keep1 = 123;")
    yield made
    made.stop()


def interrupt(kernel):
    kernel.ask("interrupt_request", channel="control", deadline=5)


@pytest.mark.parametrize("where", LOOPS)
def test_endless_loops_end(watched, where):
    other = watched.run("void (async () => { for (let i = 0; i < 5; i++) await new Promise((r) => setTimeout(r, 20)); console.log('settled'); })(); 0")
    cell = watched.send(LOOPS[where])
    watched.wait(cell, until=lambda c: "go" in c.text())
    interrupt(watched)
    watched.wait(cell, deadline=10)
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert watched.run("keep1").result == "123"
    watched.wait(other, until=lambda c: "settled" in c.text())


def test_a_second_interrupt_ends_a_clean_up_that_does_not_end(kernel):
    cell = kernel.send("""
console.log('go');
try { await new Promise((_, reject) => interrupted.addEventListener('abort', () => reject(interrupted.reason))); }
finally { console.log('cleaning up'); while (true) {} }""")
    kernel.wait(cell, until=lambda c: "go" in c.text())
    interrupt(kernel)
    kernel.wait(cell, until=lambda c: "cleaning up" in c.text())
    interrupt(kernel)
    kernel.wait(cell, deadline=10)
    assert cell.error["ename"] == "KeyboardInterrupt"
    assert kernel.run("3").result == "3"


def test_what_an_interrupt_strands_is_told(kernel):
    """V8 drops what waits behind a microtask that it terminates."""
    kernel.run("let open!: () => void; const gate = new Promise<void>((resolve) => (open = resolve));")
    stranded = kernel.run("void (async () => { await gate; console.log('went on'); })(); 0")
    unharmed = kernel.run("let free!: () => void; void (async () => { await new Promise<void>((resolve) => (free = resolve)); console.log('went on'); })(); 0")
    cell = kernel.send("await null; open(); console.log('go'); while (true) {}")
    kernel.wait(cell, until=lambda c: "go" in c.text())
    interrupt(kernel)
    kernel.wait(cell)
    kernel.wait(stranded, until=lambda c: c.error is not None)
    assert stranded.error["ename"] == "Stranded" and stranded.text() == ""
    kernel.run("free()")
    kernel.wait(unharmed, until=lambda c: "went on" in c.text())
    assert unharmed.error is None
    assert [m["msg_type"] for m in cell.messages].count("error") == 1


def test_what_waits_for_something_else_is_not_called_stranded(kernel):
    kernel.run("let resolveWith!: (value: unknown) => void; const outer = new Promise((resolve) => (resolveWith = resolve));")
    waits = kernel.run("void outer.then(() => console.log('went on')); 0")
    cell = kernel.send("let inner!: () => void; await null; resolveWith(new Promise<void>((resolve) => (inner = resolve))); await null; await null; console.log('go'); while (true) {}")
    kernel.wait(cell, until=lambda c: "go" in c.text())
    interrupt(kernel)
    kernel.wait(cell)
    kernel.run("inner()")
    kernel.wait(waits, until=lambda c: "went on" in c.text())
    assert waits.error is None


def test_a_timer_that_was_cut_off_leaves_the_others(kernel):
    cell = kernel.send("for (const n of [1, 2, 3]) setImmediate(() => { console.log(`go ${n}`); if (n === 2) while (true) {} }); setTimeout(() => console.log('timer'), 5); await new Promise(() => {});")
    kernel.wait(cell, until=lambda c: "go 2" in c.text())
    interrupt(kernel)
    kernel.wait(cell, until=lambda c: c.reply is not None and "go 3" in c.text() and "timer" in c.text())
    assert cell.error["ename"] == "KeyboardInterrupt"


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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which thread has started a process")
def test_a_process_that_is_waited_for_is_interrupted(kernel):
    cell = kernel.send("import { execSync, spawn } from 'node:child_process'; let kept = spawn('sleep', ['600']); console.log('go'); execSync('sleep 600; sleep 600'); let never = 1")
    kernel.wait(cell, until=lambda c: c.text() == "go\n")
    kernel.ask("interrupt_request", channel="control")
    assert kernel.wait(cell, 10).error["ename"] == "KeyboardInterrupt"
    # the one that nobody waits for goes on
    assert kernel.run("[kept.exitCode, kept.signalCode, kept.kill()]").result == "[ null, null, true ]"


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


def test_a_cell_says_whose_callback_it_waits_for(fresh):
    fresh.run("1")
    fresh.run("setInterval(() => { console.log('ticks'); for (;;) {} }, 50); 0")
    waiting = fresh.send("await new Promise((r) => setTimeout(r, 100)); 'mine'")
    fresh.wait(waiting, until=lambda c: "waits" in c.text("stderr"))
    assert "code of cell 2" in waiting.text("stderr")
    fresh.ask("interrupt_request", channel="control")
    fresh.wait(waiting)
    slow = fresh.run("await new Promise((r) => setTimeout(r, 2500)); 'slow'")
    assert (slow.result, slow.text("stderr")) == ("'slow'", "")
