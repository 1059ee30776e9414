"""Where a cell may run without end, and what Node may be watching by: for the tests of interrupts, and for their bench."""
LOOP = "console.log('go'); while (true) {}"
NEVER = "await new Promise(() => {});"
LOOPS = {
    "at top level": LOOP,
    "after a timer": f"await new Promise((r) => setTimeout(r, 1)); {LOOP}",
    "after a microtask": f"await null; {LOOP}",
    "after a file": f"import {{ readFile }} from 'node:fs/promises'; await readFile('.'.repeat(300)).catch(() => 0); {LOOP}",
    "after an async chain": f"async function chained() {{ for (let i = 0; i < 3; i++) await null; {LOOP} }} await chained();",
    "in a timer": f"setTimeout(() => {{ {LOOP} }}, 1); {NEVER}",
    "in a timer of node:timers": f"import {{ setTimeout as nodeTimer }} from 'node:timers'; nodeTimer(() => {{ {LOOP} }}, 1); {NEVER}",
    "in an interval": f"setInterval(() => {{ {LOOP} }}, 1); {NEVER}",
    "in an immediate": f"setImmediate(() => {{ {LOOP} }}); {NEVER}",
    "in a microtask": f"Promise.resolve().then(() => {{ {LOOP} }}); {NEVER}",
    "in queueMicrotask": f"queueMicrotask(() => {{ {LOOP} }}); {NEVER}",
    "in nextTick": f"process.nextTick(() => {{ {LOOP} }}); {NEVER}",
    "in a file's callback": f"import {{ readFile as read }} from 'node:fs'; read('none', () => {{ {LOOP} }}); {NEVER}",
    "in a socket's callback": f"""
import {{ connect, createServer, type AddressInfo }} from 'node:net';
const server = createServer((socket) => {{ socket.on('error', () => 0); socket.write('x'); }}).listen(0, '127.0.0.1', () => {{
  const client = connect((server.address() as AddressInfo).port); client.on('error', () => 0); client.on('data', () => {{ {LOOP} }});
}}); {NEVER}""",
    "in a child's callback": f"import {{ exec }} from 'node:child_process'; exec('true', () => {{ {LOOP} }}); {NEVER}",
    "in a stream": f"import {{ Readable }} from 'node:stream'; Readable.from(['a']).on('data', () => {{ {LOOP} }}); {NEVER}",
    "in a message": f"import {{ MessageChannel }} from 'node:worker_threads'; const channel = new MessageChannel(); channel.port1.on('message', () => {{ {LOOP} }}); channel.port2.postMessage(1); {NEVER}",
    "that never resolves": f"console.log('go'); {NEVER}",
    "that prints": "console.log('go'); while (true) console.log('x'.repeat(1000));",
    "that fills arrays": "console.log('go'); let filled: number[] = []; for (;;) filled = new Array(1000).fill(filled.length);",
    "in finally": f"try {{ throw 1 }} finally {{ {LOOP} }}",
}

# what has made Node abort where a loop was cut off
WATCHED = {
    "alone": "",
    "with AsyncLocalStorage": "import { AsyncLocalStorage } from 'node:async_hooks'; new AsyncLocalStorage<number>().enterWith(5);",
    "with an async hook": "import { createHook } from 'node:async_hooks'; createHook({ init() {}, before() {}, after() {}, destroy() {} }).enable();",
}
