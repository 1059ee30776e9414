/** The few functions of plotly.js that the chart uses; the bundle itself has no types. */
declare module "plotly.js-basic-dist-min" {
  export type Trace = Record<string, unknown>;
  export type Layout = Record<string, unknown>;
  export function react(node: HTMLElement, data: Trace[], layout: Layout, config: Record<string, unknown>): Promise<unknown>;
  export function purge(node: HTMLElement): void;
}
