"""Output arrives whole, in order, before idle, and in the cell that caused it."""


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
