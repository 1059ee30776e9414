import { Session } from "node:inspector";
import type { Debugger, Runtime } from "node:inspector";

/** The commands of the V8 inspector that the debugger sends, each with its parameters and its reply. */
interface Commands {
  "Debugger.enable": [undefined, Debugger.EnableReturnType];
  "Debugger.disable": [undefined, void];
  "Debugger.pause": [undefined, void];
  "Debugger.resume": [{ terminateOnResume?: boolean } | undefined, void];
  "Debugger.stepInto": [undefined, void];
  "Debugger.stepOver": [undefined, void];
  "Debugger.stepOut": [undefined, void];
  "Debugger.setBreakpointByUrl": [Debugger.SetBreakpointByUrlParameterType, Debugger.SetBreakpointByUrlReturnType];
  "Debugger.removeBreakpoint": [Debugger.RemoveBreakpointParameterType, void];
  "Debugger.setPauseOnExceptions": [Debugger.SetPauseOnExceptionsParameterType, void];
  "Debugger.setAsyncCallStackDepth": [Debugger.SetAsyncCallStackDepthParameterType, void];
  "Debugger.setBlackboxPatterns": [Debugger.SetBlackboxPatternsParameterType, void];
  "Debugger.evaluateOnCallFrame": [Debugger.EvaluateOnCallFrameParameterType, Debugger.EvaluateOnCallFrameReturnType];
  "Debugger.getScriptSource": [Debugger.GetScriptSourceParameterType, Debugger.GetScriptSourceReturnType];
  "Runtime.evaluate": [Runtime.EvaluateParameterType & { replMode?: boolean }, Runtime.EvaluateReturnType];
  "Runtime.callFunctionOn": [Runtime.CallFunctionOnParameterType, Runtime.CallFunctionOnReturnType];
  "Runtime.getProperties": [Runtime.GetPropertiesParameterType, Runtime.GetPropertiesReturnType];
  "Runtime.globalLexicalScopeNames": [Runtime.GlobalLexicalScopeNamesParameterType, Runtime.GlobalLexicalScopeNamesReturnType];
  "Runtime.releaseObjectGroup": [Runtime.ReleaseObjectGroupParameterType, void];
}

interface Events {
  "Debugger.paused": Debugger.PausedEventDataType;
  "Debugger.resumed": undefined;
  "Debugger.breakpointResolved": Debugger.BreakpointResolvedEventDataType;
  "Debugger.scriptParsed": Debugger.ScriptParsedEventDataType;
}

/** A typed inspector session of a worker thread, connected to the main thread. Answers also while main is busy or paused. */
export class InspectorConnection {
  readonly #session = new Session();

  constructor() {
    this.#session.connectToMainThread();
  }

  post<C extends keyof Commands>(command: C, parameters?: Commands[C][0]): Promise<Commands[C][1]> {
    return new Promise((resolve, reject) => {
      this.#session.post(command, parameters as object | undefined, (error: Error | null, reply?: object) => {
        if (error) reject(Object.assign(new Error(`${command}: ${error.message}`), { cause: error }));
        else resolve(reply as Commands[C][1]);
      });
    });
  }

  on<E extends keyof Events>(event: E, listener: (parameters: Events[E]) => void): void {
    this.#session.on(event, (message: { params: Events[E] }) => listener(message.params));
  }

  close(): void {
    this.#session.disconnect();
  }
}
