"""Output arrives whole, in order, before idle, and in the cell that caused it."""
import pytest


def test_streams(kernel):
    cell = kernel.run("console.log('out %d', 1); console.error('err'); process.stdout.write('bare'); process.stdout.write(Buffer.from('é'))")
    assert cell.text() == "out 1\nbareé"
    assert cell.text("stderr") == "err\n"


def test_unicode(kernel):
    assert kernel.run('console.log("h\u00e9 \U0001F600 \u4e2d \\ud83d \\u0000 \\\\ \\"")').text() == 'h\u00e9 \U0001F600 \u4e2d \ufffd \x00 \\ "\n'


def test_ten_thousand_lines_before_idle(kernel):
    cell = kernel.run("for (let i = 0; i < 10000; i++) console.log('line ' + i);")
    assert cell.text().split("\n") == [f"line {i}" for i in range(10000)] + [""]
    assert len(cell.of("stream")) < 60


def test_megabytes_of_output(kernel):
    """The ring wraps, the writer waits for the reader, messages reuse memory: not a byte may change."""
    cell = kernel.run("for (let i = 0; i < 400; i++) console.log(String(i).padStart(8, '0') + 'é'.repeat(30000));")
    lines = cell.text().split("\n")[:-1]
    assert [line[:8] for line in lines] == [f"{i:08d}" for i in range(400)]
    assert {line[8:] for line in lines} == {"é" * 30000}


def test_first_line_comes_while_the_cell_loops(kernel):
    cell = kernel.send("console.log('early'); { const end = Date.now() + 2000; while (Date.now() < end); }")
    kernel.wait(cell, until=lambda c: c.text() != "")
    assert not cell.idle
    kernel.wait(cell)


def test_order_of_streams_and_displays(kernel):
    cell = kernel.run("console.log('1'); console.error('2'); display.html('<b>3</b>'); console.log('4'); 5")
    seen = [c.get("text", c.get("data")) for c in cell.of("stream", "display_data", "execute_result")]
    assert [s if isinstance(s, str) else next(iter(s.values())) for s in seen] == ["1\n", "2\n", "<b>3</b>", "4\n", "5"]


def test_child_processes_and_descriptors(kernel):
    cell = kernel.run("import { execSync } from 'node:child_process'; import { writeSync } from 'node:fs';\nexecSync('echo child; echo wrong >&2', { stdio: 'inherit' }); writeSync(1, 'descriptor');")
    assert cell.text() == "child\ndescriptor"
    assert cell.text("stderr") == "wrong\n"


def test_late_output_belongs_to_its_cell(kernel):
    first = kernel.run("""
setTimeout(() => console.log('timer'), 300);
(async () => { await new Promise((r) => setTimeout(r, 320)); console.log('promise'); })();
0""")
    second = kernel.run("console.log('mine')")
    kernel.wait(first, until=lambda c: "promise" in c.text())
    assert first.text() == "timer\npromise\n"
    assert second.text() == "mine\n"


def test_display_and_update(kernel):
    first = kernel.run("const shown = display.html('one');")
    second = kernel.run("shown.update('two');")
    assert first.of("display_data")[0]["transient"] == second.of("update_display_data")[0]["transient"]
    assert kernel.run("display.clear(true)").of("clear_output") == [{"wait": True}]


def test_a_flood_has_a_limit_that_says_so(kernel):
    """100 MB of output: in messages of a size, the kernel answers meanwhile, and what is left out is told."""
    cell = kernel.send("const line = 'x'.repeat(999); for (let i = 0; i < 100_000; i++) console.log(line); 'done'")
    kernel.wait(cell, until=lambda c: c.text() != "")
    assert kernel.ask("kernel_info_request", channel="control", deadline=10)["status"] == "ok"
    kernel.wait(cell)
    assert cell.result == "'done'"
    assert len(cell.text()) <= 64 << 20
    assert "64 MiB" in cell.text("stderr") and "left out" in cell.text("stderr")
    texts = [c["text"] for c in cell.of("stream")]
    assert max(map(len, texts)) <= 1 << 17 and len(texts) < 2000
    # the limit is the cell's, not the kernel's
    assert kernel.run("console.log('next')").text() == "next\n"


def test_process_stdout_cannot_be_ended(kernel):
    kernel.run("process.stdout.end(); process.stdout.destroy();")
    assert kernel.run("console.log('still')").text() == "still\n"


LATE = {
    "fs": "import { readFile } from 'node:fs';\nreadFile('/dev/null', () => setTimeout(() => console.log('late'), 300));",
    "a tick after fs": "import { stat } from 'node:fs';\nstat('/', () => process.nextTick(() => setTimeout(() => console.log('late'), 300)));",
    "a child's stream": "import { spawn } from 'node:child_process';\nconst child = spawn('sh', ['-c', 'sleep 0.5; echo late']); child.stdout.on('data', (text) => process.stdout.write(text));",
    "a child's end": "import { exec } from 'node:child_process';\nexec('sleep 0.5; echo late', (_, out) => process.stdout.write(out));",
    "an inherited descriptor": "import { spawn as start } from 'node:child_process';\nstart('sh', ['-c', 'sleep 0.5; echo late'], { stdio: 'inherit' });",
    "a watcher's emitter": "import { createReadStream } from 'node:fs';\ncreateReadStream('/dev/null').once('close', () => setTimeout(() => console.log('late'), 300)).resume();",
}


@pytest.mark.parametrize("what", LATE)
def test_late_callbacks_belong_to_their_cell(kernel, what):
    first = kernel.run(LATE[what] + "\n0")
    second = kernel.run("console.log('mine')")
    kernel.wait(first, until=lambda c: "late" in c.text())
    assert first.text() == "late\n"
    assert second.text() == "mine\n"


def test_a_servers_handler_belongs_to_its_cell(kernel):
    first = kernel.run("""
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
const server = createServer((request, response) => { console.log("asked", request.url); response.end("answer"); });
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
""")
    second = kernel.run("""
get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`, (answer) => { answer.setEncoding("utf8"); answer.on("data", (text: string) => console.log(text)); });
""")
    third = kernel.run("console.log('mine')")
    kernel.wait(second, until=lambda c: c.text() != "")
    kernel.wait(first, until=lambda c: c.text() != "")
    assert (first.text(), second.text(), third.text()) == ("asked /x\n", "answer\n", "mine\n")
    kernel.run("server.close()")


def test_listeners_can_be_removed_and_an_emit_is_the_callers(kernel):
    first = kernel.run("""
import { EventEmitter } from "node:events";
const emitter = new EventEmitter();
const [heard, once, gone] = [() => console.log("heard"), () => console.log("once"), () => console.log("gone")];
emitter.on("x", heard).once("x", once).prependListener("x", gone).prependOnceListener("x", gone).off("x", gone).off("x", gone);
emitter.once("y", gone).off("y", gone);
const listeners = emitter.listeners("x");
[emitter.listenerCount("x"), emitter.listenerCount("y"), listeners[0] === heard, listeners[1] === once].join()
""")
    assert first.result == "'2,0,true,true'"
    second = kernel.run("emitter.emit('x'); emitter.emit('x'); emitter.off('x', heard).listenerCount('x')")
    assert second.result == "0"
    assert (first.text(), second.text()) == ("", "heard\nonce\nheard\n")
