/**
 * Rooms that the gateway loads once its sockets are bound: kernel_info is answered meanwhile. `import type`
 * what is needed of them elsewhere in this room.
 */
export const languageRoom = (): typeof import("../language") => require("../language") as typeof import("../language");

export const debugRoom = (): typeof import("../debug") => require("../debug") as typeof import("../debug");
