"""What a notebook imports: packages of its own folder with their types, data, and TypeScript files that change."""
import json

FILES = {
    "package.json": json.dumps({"name": "a-notebook", "dependencies": {"only-esm": "1.0.0", "old-style": "1.0.0"}}),
    "data.json": '{ "rows": [1, 2] }',
    "node_modules/only-esm/package.json": json.dumps({"name": "only-esm", "version": "1.0.0", "type": "module", "exports": {".": {"types": "./index.d.ts", "import": "./index.js"}, "./part": {"types": "./part.d.ts", "import": "./part.js"}}}),
    "node_modules/only-esm/index.js": "export const esm = 'modern'; export default (n) => n + 1; export const here = import.meta.url.split('/').at(-1); await 0;",
    "node_modules/only-esm/index.d.ts": "export declare const esm: string; export declare const here: string; export default function add(n: number): number;",
    "node_modules/only-esm/part.js": "export const part = 3;",
    "node_modules/only-esm/part.d.ts": "export declare const part: number;",
    "node_modules/old-style/package.json": json.dumps({"name": "old-style", "version": "1.0.0", "main": "index.js"}),
    "node_modules/old-style/index.js": "module.exports = { twice: (n) => 2 * n };",
    "node_modules/own-default/package.json": json.dumps({"name": "own-default", "version": "1.0.0"}),
    "node_modules/own-default/index.js": "module.exports = () => 'called'; module.exports.default = module.exports; module.exports.part = 4;",
    "node_modules/@types/old-style/package.json": json.dumps({"name": "@types/old-style", "version": "1.0.0", "types": "index.d.ts"}),
    "node_modules/@types/old-style/index.d.ts": "export declare function twice(n: number): number;",
    "node_modules/@types/ambient/package.json": json.dumps({"name": "@types/ambient", "version": "1.0.0", "types": "index.d.ts"}),
    "node_modules/@types/ambient/index.d.ts": "declare const AMBIENT: 'of the types';",
    "tsconfig.json": json.dumps({"compilerOptions": {"types": ["node", "ambient"], "noUncheckedIndexedAccess": True}}),
    "shapes.ts": "export interface Shape { side: number }\nexport const area = (shape: Shape): number => shape.side ** 2;\n",
}


def test_packages_data_and_types(tmp_path):
    from conftest import Kernel

    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    kernel = Kernel(tmp_path)

    def value(code):
        cell = kernel.run(code)
        assert not cell.error, cell.traceback
        return cell.result

    def fault(code):
        return kernel.run(code).traceback

    try:
        # a package that can be imported only, its parts, and a CommonJS one with types from @types
        assert value("import add, { esm, here } from 'only-esm';\n`${esm} ${add(1)} ${here}`") == "'modern 2 index.js'"
        assert value("(await import('only-esm/part')).part") == "3"
        assert "TS2345" in fault("add('x')")
        assert value("import { twice } from 'old-style'; import * as old from 'old-style';\ntwice(2) + old.twice(1)") == "6"
        assert "TS2345" in fault("twice('x')")
        # CommonJS that names its default itself, without `__esModule`: what it exports is called all the same
        assert value("import { part } from 'own-default'; import called from 'own-default';\ncalled() + part") == "'called4'"
        # data, with and without an attribute
        assert value("import data from './data.json' with { type: 'json' };\ndata.rows.length") == "2"
        assert value("(await import('./data.json', { with: { type: 'json' } })).default.rows[1]") == "2"
        assert "TS2339" in fault("data.columns")
        # what the folder's own tsconfig.json asks for
        assert value("typeof AMBIENT") == "'undefined'"
        assert "TS2304" in fault("AMBIENT2") or "TS2552" in fault("AMBIENT2")
        assert "TS2532" in fault("[1, 2][0].toFixed()")
        # a local file: its types only, its values, and both anew once it has changed
        assert value("import type { Shape } from './shapes';\nconst square: Shape = { side: 3 };\nimport { area } from './shapes';\narea(square)") == "9"
        assert "TS2322" in fault("const wrong: Shape = { side: 'x' }")
        (tmp_path / "shapes.ts").write_text("export interface Shape { width: number; height: number }\nexport const area = ({ width, height }: Shape): number => width * height;\n")
        assert value("import { area, type Shape } from './shapes';\nconst wide: Shape = { width: 2, height: 5 };\narea(wide)") == "10"
        assert "TS2353" in fault("const narrow: Shape = { side: 3 }") or "TS2739" in fault("const narrow: Shape = { side: 3 }")
    finally:
        kernel.stop()
