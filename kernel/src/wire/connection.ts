import { readFileSync } from "node:fs";

export type Channel = "shell" | "iopub" | "stdin" | "control" | "heartbeat";

/** A connection file as Jupyter writes it, checked. */
export interface Connection {
  transport: "tcp" | "ipc";
  ip: string;
  ports: Record<Channel, number>;
  /** Signs every message; empty: nothing is signed. */
  key: string;
  /** A digest that node:crypto knows: `sha256`. */
  digest: string;
}

const PORTS: Record<Channel, string> = {
  shell: "shell_port", iopub: "iopub_port", stdin: "stdin_port", control: "control_port", heartbeat: "hb_port",
};

/**
 * Reads a connection file.
 *
 * @throws Error that names the file and the field, where it cannot be read or a field is missing or wrong
 */
export function readConnection(path: string): Connection {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`the connection file ${path} cannot be read: ${(error as Error).message}`);
  }
  return parseConnection(text, path);
}

export function parseConnection(text: string, path: string): Connection {
  const fail = (what: string): never => {
    throw new Error(`the connection file ${path} ${what}`);
  };
  let file: Record<string, unknown>;
  try {
    file = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return fail("is not JSON");
  }
  if (typeof file !== "object" || file === null) return fail("is not a JSON object");
  const transport = file["transport"] ?? "tcp";
  if (transport !== "tcp" && transport !== "ipc") return fail(`wants transport ${JSON.stringify(transport)}; tcp and ipc are known`);
  const scheme = file["signature_scheme"] ?? "hmac-sha256";
  if (typeof scheme !== "string" || !scheme.startsWith("hmac-")) return fail(`wants signature_scheme ${JSON.stringify(scheme)}; hmac-sha256 is known`);
  const ports = {} as Record<Channel, number>;
  for (const [channel, field] of Object.entries(PORTS) as [Channel, string][]) {
    const port = file[field];
    if (typeof port !== "number" || !Number.isInteger(port) || port < 1) return fail(`has ${field} ${JSON.stringify(port)}, not a port`);
    ports[channel] = port;
  }
  const key = file["key"] ?? "";
  if (typeof key !== "string") return fail("has a key that is not text");
  const ip = file["ip"] ?? "127.0.0.1";
  if (typeof ip !== "string") return fail(`has ip ${JSON.stringify(ip)}, not text`);
  return { transport, ip, ports, key, digest: scheme.slice("hmac-".length) };
}

/** Where a channel's socket is bound: `tcp://127.0.0.1:40001`, `ipc:///tmp/kernel-1`. */
export function address(connection: Connection, channel: Channel): string {
  const port = connection.ports[channel];
  return connection.transport === "ipc" ? `ipc://${connection.ip}-${port}` : `tcp://${connection.ip}:${port}`;
}
