"""Notebooks written for tslab run as they are: its real package, with display functions that show here."""
import base64

IMPORT = 'import * as tslab from "tslab";'
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def shown(cell):
    assert not cell.error, cell.traceback
    return [display["data"] for display in cell.of("display_data")]


def test_display_functions(kernel):
    kernel.run(IMPORT)
    assert shown(kernel.run("tslab.display.html('<b>bold</b>')"))[0]["text/html"] == "<b>bold</b>"
    assert shown(kernel.run("tslab.display.markdown('# head')"))[0]["text/markdown"] == "# head"
    assert shown(kernel.run("tslab.display.text('plain')"))[0]["text/plain"] == "plain"
    assert shown(kernel.run("tslab.display.svg('<svg/>')"))[0]["image/svg+xml"] == "<svg/>"
    assert shown(kernel.run("tslab.display.javascript('1')"))[0]["text/javascript"] == "1"
    assert shown(kernel.run("tslab.display.raw('application/json', '{}')"))[0]["application/json"] in ("{}", {})
    bytes_of = f"Buffer.from('{base64.b64encode(PNG).decode()}', 'base64')"
    for kind in ("png", "jpeg", "gif"):
        found = shown(kernel.run(f"tslab.display.{kind}({bytes_of})"))[0][f"image/{kind}"]
        assert base64.b64decode(found) == PNG


def test_a_display_is_updated(kernel):
    cell = kernel.run(f"{IMPORT} const area = tslab.newDisplay(); area.text('one'); area.text('two');")
    assert shown(cell)[0]["text/plain"] == "one"
    assert cell.of("update_display_data")[0]["data"]["text/plain"] == "two"
    assert kernel.run("typeof tslab.versions.tslab").result.strip("'\"") == "string"


def test_types_of_the_package_are_known(kernel):
    kernel.run(IMPORT)
    cell = kernel.run("tslab.display.html(5)")
    assert "TS2345" in cell.traceback


def test_a_cell_becomes_a_module(kernel):
    assert not kernel.run("/** @module counting */\nexport let count = 1;\nexport function fails(): never { throw new Error('in the module') }").error
    assert kernel.run("import { count, fails } from './counting'; count").result == "1"
    failed = kernel.run("fails()")
    assert "counting.ts:3:" in failed.traceback and "in the module" in failed.traceback
    assert "export function fails" in failed.traceback
    kernel.run("/** @module counting */\nexport let count = 2;")
    assert kernel.run("import { count } from './counting'; count").result == "2"
    wrong = kernel.run("/** @module counting */\nexport const count: string = 2;")
    assert not wrong.error and "TS2322" in wrong.text("stderr")
    importing = kernel.run("import { count } from './counting';")
    assert "counting.ts:2:14" in importing.traceback and "export const count: string = 2;" in importing.traceback


def test_a_cell_for_the_browser_is_bundled_and_shown(kernel):
    cell = kernel.run("/** @browser */\nconst greeting: string = 'hello';\nelement.append(greeting);")
    bundle = shown(cell)[0]
    assert "element.append(greeting)" in bundle["application/javascript"] and ": string" not in bundle["application/javascript"]
    assert cell.result is None and len(bundle["text/plain"]) < 100
