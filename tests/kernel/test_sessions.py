"""What a cell declares is known to the next one, however fast they come and whatever happens in between."""
import random

import psutil

#: What a round runs: a cell that declares, one that uses, one whose fault must be found. `{n}` differs by round.
ROUNDS = {
    "const": ("const value{n} = {{ a: {n}, s: 'x' }};", "value{n}.a", "value{n}.nope"),
    "function": ("function twice{n}(x: number) {{ return {{ r: 2 * x }}; }}", "twice{n}({n}).r / 2", "twice{n}('x')"),
    "class": ("class Kept{n} {{ p = {n}; m() {{ return this.p; }} }}", "new Kept{n}().m()", "new Kept{n}().q"),
    "interface": ("interface Shape{n} {{ z: number }}", "const shape{n}: Shape{n} = {{ z: {n} }}; shape{n}.z", "const bad{n}: Shape{n} = {{ z: 'x' }};"),
    "import": ("import {{ join as join{n} }} from 'node:path';", "Number(join{n}('{n}'))", "join{n}(1)"),
    "let, again": ("let again = {n};", "again.valueOf()", "again.length"),
    "library": ("const tensor{n} = tf.zeros([{n}, 2]);", "tensor{n}.shape[0]!", "tensor{n}.shap"),
}
#: What comes between two rounds.
TROUBLES = {
    "error": "throw new Error('expected')",
    "type error": "const wrong: number = 'x'",
    "syntax error": "const = 5",
    "loop": "console.log('go'); while (true) {}",
}


def servers(kernel) -> list[psutil.Process]:
    return [p for p in kernel.process.children(recursive=True) if "--lsp" in p.cmdline()]


def test_hundreds_of_pairs(fresh):
    """Pairs are queued together, completions come in between, cells throw and are interrupted, and the TypeScript server dies once."""
    chance = random.Random(1)
    names = list(ROUNDS)
    for start in range(1, 150, 10):
        expected = []
        for n in range(start, start + 10):
            declare, use, misuse = (text.format(n=n) for text in ROUNDS[chance.choice(names)])
            fresh.send(declare)
            expected.append((str(n), fresh.send(use), fresh.send(misuse, stop_on_error=False)))
            if chance.random() < 0.4:
                fresh.client.complete(f"value{n - 1}.", 7 + len(str(n)))
            if chance.random() < 0.2:
                fresh.client.inspect(use, 4)
            if chance.random() < 0.3:
                fresh.send(TROUBLES[chance.choice(["error", "type error", "syntax error"])], stop_on_error=False)
        checked = start != 71
        if not checked:
            servers(fresh)[0].kill()
        for value, use, misuse in expected:
            assert (fresh.wait(use).result, use.traceback) == (value, "")
            fresh.wait(misuse)
            if checked:
                assert "TS" in misuse.traceback, misuse.traceback or misuse.reply
        if chance.random() < 0.5:
            loop = fresh.send(TROUBLES["loop"])
            fresh.wait(loop, until=lambda c: "go" in c.text())
            fresh.ask("interrupt_request", channel="control", deadline=5)
            assert fresh.wait(loop).error["ename"] == "KeyboardInterrupt"
