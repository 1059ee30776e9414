"""Errors name the cell and the line, and end nothing but the cell."""
import pytest


def test_traceback_names_cell_line_and_column(kernel):
    made = kernel.run("interface P { x: number }\n\nfunction broken(p: P): never {\n  throw new RangeError('boom ' + p.x);\n}")
    number = made.reply["execution_count"]
    cell = kernel.run("const before: number = 1;\nbroken({ x: before });")
    assert (cell.error["ename"], cell.error["evalue"]) == ("RangeError", "boom 1")
    assert f"In[{number}]:4:9 in broken" in cell.traceback
    assert f"In[{number + 1}]:2:1" in cell.traceback
    assert "----> 4 |   throw new RangeError" in cell.traceback
    assert cell.reply["ename"] == "RangeError"


def test_library_frames_are_folded(kernel):
    cell = kernel.run("[1].map(() => JSON.parse('{'))")
    assert "node:" not in cell.traceback and "thawbook/lib" not in cell.traceback
    assert cell.error["ename"] == "SyntaxError"


def test_cause_and_aggregate(kernel):
    cell = kernel.run("throw new Error('outer', { cause: new TypeError('inner') })")
    assert "caused by" in cell.traceback and "TypeError: inner" in cell.traceback
    cell = kernel.run("await Promise.any([Promise.reject(new Error('e1')), Promise.reject(new Error('e2'))])")
    assert "error 1 of 2" in cell.traceback and "e2" in cell.traceback


def test_other_values_thrown(kernel):
    assert kernel.run("throw 'text'").error["evalue"] == "'text'"
    assert kernel.run("throw null").error["evalue"] == "null"
    assert kernel.run("throw { get message(): string { throw new Error('trap') } }").reply["status"] == "error"


@pytest.mark.parametrize("hostile", [
    "new Proxy({}, { get() { throw 1 }, has() { throw 1 }, ownKeys() { throw 1 }, getPrototypeOf() { throw 1 } })",
    "{ get message() { throw 1 }, toString() { throw 2 } }",
    "Object.freeze(Object.create(null))",
])
def test_a_thrown_value_that_cannot_be_looked_at(kernel, hostile):
    assert kernel.run(f"throw {hostile}").error["ename"] == "Thrown"
    late = kernel.run(f"setTimeout(() => {{ throw {hostile} }})")
    kernel.wait(late, until=lambda c: c.error)


def test_an_error_that_is_its_own_cause(kernel):
    cell = kernel.run("const own = new Error('round'); own.cause = new AggregateError([own], 'all', { cause: own }); throw own")
    assert cell.traceback.count("Error: round") == 1 and "AggregateError: all" in cell.traceback


def test_names_of_the_kernel_are_in_no_frame(kernel):
    assert "__thawbook" not in kernel.run("Array.prototype.flat = () => { throw new Error('inner') }; [].flat()").traceback
    assert "__thawbook" not in kernel.run("(() => new Promise((_, no) => no(new Error('later'))))()").traceback


def test_what_was_declared_before_the_throw_stays(kernel):
    kernel.run("let kept = 11;\nthrow new Error('after')")
    assert kernel.run("kept").result == "11"


def test_type_errors_stop_the_cell_before_it_runs(kernel):
    cell = kernel.run("console.log('ran');\nconst wrong: number = 'text';")
    assert cell.text() == ""
    assert cell.error["ename"] == "TypeScriptError"
    assert ":2:7: Type 'string' is not assignable to type 'number'. (TS2322)" in cell.error["evalue"]


def test_syntax_errors(kernel):
    cell = kernel.run("const = 3 +* ;")
    assert cell.error["ename"] == "SyntaxError"
    assert ":1:" in cell.error["evalue"]


def test_late_errors_are_shown_in_their_cell(kernel):
    kernel.run("let survivor = 55")
    timer = kernel.run("setTimeout(() => { throw new Error('from a timer') }, 30); 0")
    promise = kernel.run("Promise.reject(new Error('from a promise')); 0")
    kernel.wait(timer, until=lambda c: c.error is not None)
    kernel.wait(promise, until=lambda c: c.error is not None)
    assert timer.error["evalue"] == "from a timer"
    assert promise.error["evalue"] == "from a promise"
    assert kernel.run("survivor").result == "55"


def test_exit_is_refused(kernel):
    kernel.run("let before_exit = 77")
    for call in ("process.exit(3)", "process.abort()", "process.kill(process.pid)"):
        cell = kernel.run(call)
        assert cell.error["ename"] == "ExitRefused", call
        assert "Restart" in cell.error["evalue"]
    assert kernel.run("before_exit").result == "77"


def test_error_in_a_local_module(kernel, tmp_path_factory):
    folder = kernel.run("process.cwd()").result.strip("'")
    with open(f"{folder}/faulty.ts", "w") as file:
        file.write("export function faulty(n: number): number {\n  if (n > 1) throw new Error('in a file');\n  return n;\n}\n")
    cell = kernel.run("import { faulty } from './faulty';\nfaulty(2)")
    assert "faulty.ts:2:" in cell.traceback and cell.error["evalue"] == "in a file"


def test_places_in_a_local_module_are_those_of_its_file(kernel):
    """An enum and a parameter property make a script of other lines; the first line has the imports before it."""
    folder = kernel.run("process.cwd()").result.strip("'")
    with open(f"{folder}/placed.ts", "w") as file:
        file.write("export const first = (x: number): never => { throw new Error(`first ${x}`); };\n"
                   "export enum Level { Low, High }\n"
                   "export class Gauge {\n  constructor(private readonly level: Level) {}\n"
                   "  read(): never {\n    throw new RangeError(Level[this.level]);\n  }\n}\n")
    cell = kernel.run("import { first, Gauge, Level } from './placed';\nnew Gauge(Level.High).read()")
    assert "placed.ts:6:11" in cell.traceback and "throw new RangeError(Level[this.level]);" in cell.traceback
    assert "placed.ts:1:52" in kernel.run("first(3)").traceback
    with open(f"{folder}/placed.ts", "w") as file:
        file.write("\n\nexport enum Level { Low, High }\nexport const first = (x: number): never => { throw new Error(`again ${x}`); };\n")
    cell = kernel.run("import { first } from './placed';\nfirst(4)")
    assert "placed.ts:4:52" in cell.traceback and cell.error["evalue"] == "again 4"


def test_a_printed_stack_is_that_of_the_cell(kernel):
    cell = kernel.run("function f(n: number): never {\n  if (n > 0) f(n - 1);\n  throw new Error('seen' as string);\n}\n"
                      "try { f(15) } catch (e) { console.error(e); console.log((e as Error).stack) }\nconsole.trace('here')")
    label = f"In[{cell.reply['execution_count']}]"
    for text in (cell.text("stdout"), cell.text("stderr")):
        assert f"at f ({label}:3:9)" in text and f"at {label}:5:7" in text and text.count("at f (") == 16
        assert "thawbook" not in text and "node:" not in text
    assert f"Trace: here\n    at {label}:6:9\n" in cell.text("stderr")
    cell = kernel.run("enum Level { Low }\nnew Error(Level[0])")
    assert f"at In[{cell.reply['execution_count']}]:2:1" in cell.result and "thawbook" not in cell.result
    cell = kernel.run("await new Promise(done => setTimeout(() => { console.log(new Error('late').stack); done(0) }))")
    assert f"In[{cell.reply['execution_count']}]:1:58" in cell.text() and cell.text().count("at ") == 1


def test_a_stack_read_before_the_throw_has_the_same_traceback(kernel):
    cell = kernel.run("enum Two { A, B }\n\nconst read = new Error('read');\nread.stack;\nthrow read")
    label = f"In[{cell.reply['execution_count']}]"
    assert f"{label}:3:14" in cell.traceback and "----> 3 | const read" in cell.traceback
    cell = kernel.run("const copy = new Error('copy'); copy.stack = read.stack; throw copy")
    assert f"{label}:3:14" in cell.traceback and "----> 3 | const read" in cell.traceback


def test_a_stack_may_be_prepared_by_the_cell(kernel):
    cell = kernel.run("const ours = Error.prepareStackTrace;\nError.prepareStackTrace = (e, sites) => sites.length;\n"
                      "const frames: unknown = new Error().stack;\nError.prepareStackTrace = ours;\ntypeof frames")
    assert cell.result == "'number'"
    assert "ERR_INVALID_ARG_TYPE]: " in kernel.run("try { Buffer.alloc('x' as never) } catch (e) { console.log((e as Error).stack) }").text()


def test_what_v8_alone_refuses_has_a_place(kernel):
    cell = kernel.run("const fine = 1;\nif (fine) function f() {}")
    assert cell.error["ename"] == "SyntaxError"
    assert f"In[{cell.reply['execution_count']}]:2:11" in cell.traceback and "----> 2 | if (fine) function" in cell.traceback
    assert "frames in" not in cell.traceback


def test_a_rejection_handled_by_the_next_cell_warns_of_nothing(kernel):
    first = kernel.run("const rejected = Promise.reject(new Error('seen late'));")
    kernel.wait(first, until=lambda c: c.error)
    second = kernel.run("await rejected.catch(e => e.message)")
    kernel.run("await new Promise(done => setTimeout(done, 20))")
    assert second.result == "'seen late'"
    assert "Warning" not in second.text("stderr") + first.text("stderr")


def test_standard_input_is_refused_at_once(kernel):
    cell = kernel.run("import { createInterface } from 'node:readline/promises';\n"
                      "const lines = createInterface({ input: process.stdin, output: process.stdout });\nsetTimeout(() => lines.close(), 500);\nvoid lines.question('name? ');")
    kernel.wait(cell, until=lambda c: c.error)
    assert "prompt(" in cell.error["evalue"]
    assert "prompt(" in kernel.run("for await (const line of process.stdin) console.log(line)").error["evalue"]


def test_names_that_check_are_there(kernel):
    assert kernel.run("[__filename, __dirname].map(path => path.startsWith(process.cwd()))").result == "[ true, true ]"


def test_console_clear_clears_the_output(kernel):
    assert kernel.run("console.log('gone'); console.clear()").of("clear_output") == [{"wait": False}]


def test_showing_a_value_runs_none_of_its_getters(kernel):
    cell = kernel.run("let looks = 0;\n({ get shape() { looks++; return [1] }, get dtype() { looks++; return 'a' }, get kind() { looks++; return 1 }, get layers() { looks++; return [] } })")
    assert "shape: [Getter]" in cell.result
    cell = kernel.run("class Sly { get shape() { looks++; return [1] } get id() { looks++; return 'a' } get columns() { looks++; return 'a' } }\nnew Sly()")
    assert cell.result == "Sly {}"
    assert kernel.run("looks").result == "0"


def test_a_file_that_v8_cannot_read_has_its_line_marked(kernel):
    folder = kernel.run("process.cwd()").result.strip("'")
    with open(f"{folder}/unread.ts", "w") as file:
        file.write("export const a = 1;\nif (a) function f() {}\n")
    cell = kernel.run("import './unread'")
    assert cell.error["ename"] == "SyntaxError"
    assert "unread.ts:2:8" in cell.traceback and "----> 2 | if (a) function f() {}" in cell.traceback
