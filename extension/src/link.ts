import type { ISessionContext } from "@jupyterlab/apputils";
import type { Kernel } from "@jupyterlab/services";
import { isLive, lastStep, mergeDelta } from "thawbook/drawing";
import { RUN_COMM_TARGET, type RunCommCommand, type RunCommMessage, type RunCommOpen, type RunView } from "thawbook/views";
import type { JSONObject, JSONValue } from "@lumino/coreutils";
import type { Connection } from "./header";

const KERNEL = "thawbook";
/** Milliseconds in which a notebook's kernel is expected to be there. */
const PATIENCE = 2000;

/** A chart's line to its run in the kernel: what is new comes over a comm, commands go back. */
export class RunLink {
  connection: Connection = "idle";
  private comm: Kernel.IComm | undefined;
  private watched: ISessionContext | undefined;
  private disposed = false;

  /**
   * @param changed called with the view as it is now, or undefined where only the connection changed; with
   *   the notebook's whole output once the run has ended.
   */
  constructor(
    private readonly session: ISessionContext | undefined,
    private view: RunView,
    private readonly changed: (view: RunView | undefined, output?: Record<string, unknown>) => void,
  ) {}

  /** Asks the kernel for what came after the view that is here. */
  async open(): Promise<void> {
    const { session } = this;
    if (!session) return this.end();
    // A notebook that is opened without a kernel never gets ready: meanwhile its runs have ended.
    const late = setTimeout(() => this.mark("ended"), PATIENCE);
    await session.ready;
    clearTimeout(late);
    if (this.disposed) return;
    const kernel = session.session?.kernel;
    if (!kernel) return this.end();
    const { implementation } = await kernel.info;
    // Another language's kernel would warn of a target that it does not know.
    if (implementation !== KERNEL) return this.end();
    if (this.disposed || this.comm) return;
    this.watch(session);
    const comm = kernel.createComm(RUN_COMM_TARGET);
    this.comm = comm;
    comm.onMsg = (message) => this.heard(message.content.data as unknown as RunCommMessage);
    comm.onClose = () => this.end();
    const asked: RunCommOpen = { run: this.view.id, lastStep: lastStep(this.view) };
    comm.open(asked as unknown as JSONValue);
  }

  send(command: RunCommCommand): void {
    this.comm?.send(command as unknown as JSONObject);
  }

  dispose(): void {
    this.disposed = true;
    this.release();
  }

  private heard(message: RunCommMessage): void {
    if (this.disposed) return;
    if (message.kind === "unknown") return this.end();
    this.connection = "live";
    this.view = message.kind === "delta" ? mergeDelta(this.view, message.view) : message.view;
    if (!isLive(this.view.state)) {
      this.release();
      this.connection = "idle";
    }
    this.changed(this.view, message.output);
  }

  private watch(session: ISessionContext): void {
    this.watched = session;
    session.statusChanged.connect(this.statusChanged, this);
    session.kernelChanged.connect(this.end, this);
  }

  private statusChanged(_: ISessionContext, status: Kernel.Status): void {
    if (status === "dead" || status === "restarting" || status === "autorestarting" || status === "terminating") this.end();
  }

  /** The kernel is gone, was exchanged, or knows no such run. */
  private end(): void {
    if (this.disposed) return;
    this.release();
    this.mark("ended");
  }

  private mark(connection: Connection): void {
    if (this.disposed) return;
    this.connection = connection;
    this.changed(undefined);
  }

  private release(): void {
    this.watched?.statusChanged.disconnect(this.statusChanged, this);
    this.watched?.kernelChanged.disconnect(this.end, this);
    this.watched = undefined;
    const { comm } = this;
    this.comm = undefined;
    if (!comm || comm.isDisposed) return;
    comm.onClose = () => undefined;
    try {
      comm.close();
    } catch {
      // The connection is gone, and the comm with it.
    }
  }
}
