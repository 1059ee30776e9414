/** Local TypeScript modules, for the thread that runs cells; loads nothing but the parser, at the first module. */

export { createLocalModules, filePlaces, type LocalModules, type LocalModulesOptions, type Namespace } from "./local-modules.js";
export { transformModule, type ModuleScript } from "./transform-module.js";
