"""Cells run, and what they give."""


def test_value_of_the_last_expression(kernel):
    cell = kernel.run("6 * 7")
    assert cell.result == "42"
    assert [m["msg_type"] for m in cell.messages] == ["status", "execute_input", "execute_result", "status"]
    assert cell.reply["status"] == "ok"


def test_undefined_shows_nothing(kernel):
    assert kernel.run("undefined").of("execute_result", "stream") == []


def test_empty_cell(kernel):
    assert kernel.run("").reply["status"] == "ok"


def test_top_level_await_and_redeclaration(kernel):
    kernel.run("const waited: number = await new Promise<number>((r) => setTimeout(() => r(41), 5));")
    assert kernel.run("waited + 1").result == "42"
    kernel.run("const waited = 'text'")
    assert kernel.run("waited").result == "'text'"


def test_counts(kernel):
    first = kernel.run("1").reply["execution_count"]
    assert kernel.run("1", store_history=False).reply["execution_count"] == first + 1
    assert kernel.run("1").reply["execution_count"] == first + 1
    silent = kernel.run("console.log('x'); 1", silent=True)
    assert silent.of("execute_input", "execute_result") == []
    assert kernel.run("1").reply["execution_count"] == first + 2


def test_user_expressions(kernel):
    reply = kernel.run("const inner = 2;", user_expressions={"good": "inner + 1", "bad": "nothingOfTheKind.x", "object": "{ a: inner }"}).reply
    assert reply["user_expressions"]["good"]["data"]["text/plain"] == "3"
    assert reply["user_expressions"]["bad"]["status"] == "error"
    assert reply["user_expressions"]["object"]["data"]["text/plain"] == "{ a: 2 }"


def test_queued_cells_are_aborted_after_an_error(kernel):
    cells = [kernel.send("throw new Error('stop')"), kernel.send("console.log('b')"), kernel.send("console.log('c')")]
    for cell in cells:
        kernel.wait(cell)
    assert [c.reply["status"] for c in cells] == ["error", "aborted", "aborted"]
    assert kernel.run("'again'").result == "'again'"


def test_stop_on_error_false(kernel):
    cells = [kernel.send("throw new Error('go on')", stop_on_error=False), kernel.send("console.log('b')")]
    for cell in cells:
        kernel.wait(cell)
    assert cells[1].text() == "b\n"


def test_cells_run_one_after_the_other(kernel):
    first = kernel.send("await new Promise((r) => setTimeout(r, 200)); let serial = 17;")
    second = kernel.send("serial")
    kernel.wait(first), kernel.wait(second)
    assert second.result == "17"


def test_imports(kernel):
    assert kernel.run("import { join } from 'node:path'; join('a', 'b')").result == "'a/b'"
    assert kernel.run("(await import('os')).EOL.length").result == "1"
    missing = kernel.run("const none = await import('no-such-package-of-this-name' as string)")
    assert "%install no-such-package-of-this-name" in missing.error["evalue"]


def test_the_library_is_loaded_at_first_touch(kernel):
    assert kernel.run("Object.keys(require.cache).some((path) => path.includes('tfjs-node'))").result == "false"


def test_history(kernel):
    kernel.run("const history_mark = 1")
    tail = kernel.ask("history_request", {"hist_access_type": "tail", "n": 3, "output": False, "raw": True})
    assert tail["history"][-1][2] == "const history_mark = 1"
    found = kernel.ask("history_request", {"hist_access_type": "search", "pattern": "*history_mark*", "output": False, "raw": True})
    assert len(found["history"]) == 1
