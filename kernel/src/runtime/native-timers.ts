/** Node's own timers, for the kernel's use: neither followed nor guarded. Loaded before a cell can replace them. */
export const native = { setTimeout, setImmediate, clearTimeout };
