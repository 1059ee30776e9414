/** Thrown where a cell asks the kernel's process to end. */
export class ExitRefused extends Error {
  override readonly name = "ExitRefused";
  constructor(call: string) {
    super(`${call} would end the kernel and everything in it, so it does nothing here. To stop this cell, throw an error; to end the kernel, use Kernel > Shut Down or Kernel > Restart.`);
  }
}

/** Ends the process, whatever a cell has made of `process`. */
const exit = process.exit.bind(process);

export const endProcess = (code: number): never => exit(code);

/** A notebook is not a script: what ends a script must not end the notebook. */
export function refuseExits(): void {
  const kill = process.kill.bind(process);
  process.exit = (code) => {
    throw new ExitRefused(`process.exit(${code ?? ""})`);
  };
  process.abort = () => {
    throw new ExitRefused("process.abort()");
  };
  process.kill = (pid, signal) => {
    if (Number(pid) === process.pid && signal !== 0) throw new ExitRefused(`process.kill(${pid})`);
    return kill(pid, signal);
  };
}
