/**
 * A model's layers in the order in which they are drawn: the output on top, nested models folded or open, and
 * the line at which backpropagation stops. Pure; shared by the picture and the live diagram.
 */

import type { LayerRow, LayerState, LayersView } from "./views";

export type DrawnRow =
  | {
      kind: "layer";
      layer: LayerRow;
      /** Where the layer stands in `LayersView.layers`. */
      index: number;
      /** How many rows lie inside, open or folded. */
      inside: number;
      folded: boolean;
    }
  | { kind: "more"; layers: number; parameters: number; trainable: number; state: LayerState; depth: number }
  /** The line below which no gradient arrives. */
  | { kind: "cut" };

interface Node {
  layer: LayerRow;
  index: number;
  inside: Node[];
}

function tree(layers: readonly LayerRow[]): Node[] {
  const roots: Node[] = [];
  const open: Node[] = [];
  layers.forEach((layer, index) => {
    const node: Node = { layer, index, inside: [] };
    while (open.length > 0 && (open[open.length - 1] as Node).layer.depth >= layer.depth) open.pop();
    (open[open.length - 1]?.inside ?? roots).push(node);
    open.push(node);
  });
  return roots;
}

const size = (nodes: readonly Node[]): number => nodes.reduce((sum, node) => sum + 1 + size(node.inside), 0);

const last = (node: Node): number => (node.inside.length > 0 ? last(node.inside[node.inside.length - 1] as Node) : node.index);

function flatten(nodes: readonly Node[], isFolded: (node: Node) => boolean): Extract<DrawnRow, { kind: "layer" }>[] {
  return [...nodes].reverse().flatMap((node) => {
    const folded = node.inside.length > 0 && isFolded(node);
    const own = { kind: "layer" as const, layer: node.layer, index: node.index, inside: size(node.inside), folded };
    return folded || node.inside.length === 0 ? [own] : [own, ...flatten(node.inside, isFolded)];
  });
}

/** Indices of the nested models that may be folded. */
export function foldable(view: LayersView): number[] {
  const found: number[] = [];
  const visit = (node: Node): void => {
    if (node.inside.length > 0) found.push(node.index);
    node.inside.forEach(visit);
  };
  tree(view.layers).forEach(visit);
  return found;
}

/**
 * All rows, the output first, a nested model's layers below its own row; those in `folded` keep theirs inside.
 * The cut stands below the lowest row that trains, if layers with parameters are seen beneath it.
 */
export function drawnRows(view: LayersView, folded: ReadonlySet<number>): DrawnRow[] {
  const roots = tree(view.layers);
  const rows: DrawnRow[] = flatten(roots, (node) => folded.has(node.index));
  const { cut } = view;
  if (cut === null) return rows;
  // A folded model holds the cut inside: the line is drawn below it.
  const after = rows.findLastIndex((row) => row.kind === "layer" && (row.index === cut || (row.folded && contains(roots, row.index, cut))));
  const beneath = rows.slice(after + 1).some((row) => row.kind === "layer" && row.layer.parameters > 0);
  if (after >= 0 && beneath) rows.splice(after + 1, 0, { kind: "cut" });
  return rows;
}

/** Whether the row at `outer` is a nested model that holds the row at `inner`. */
function contains(roots: readonly Node[], outer: number, inner: number): boolean {
  const visit = (nodes: readonly Node[]): Node | undefined => {
    for (const node of nodes) {
      if (node.index === outer) return node;
      const found = visit(node.inside);
      if (found) return found;
    }
    return undefined;
  };
  const node = visit(roots);
  return node !== undefined && node.inside.length > 0 && inner > outer && inner <= last(node);
}

/** Which nested models to fold at first so that about `most` rows are seen: the deepest first. */
export function foldedAtFirst(view: LayersView, most: number): Set<number> {
  const nested = foldable(view);
  let deepest = Math.max(0, ...nested.map((index) => (view.layers[index] as LayerRow).depth));
  let folded = new Set<number>();
  while (drawnRows(view, folded).length > most && deepest >= 0 && nested.length > 0) {
    const depth = deepest--;
    folded = new Set(nested.filter((index) => (view.layers[index] as LayerRow).depth >= depth));
  }
  return folded;
}

/** Rows for a picture that nobody can unfold: at most about `most`, runs of alike layers told as one row. */
export function fewRows(view: LayersView, most: number): DrawnRow[] {
  const rows = drawnRows(view, foldedAtFirst(view, most));
  if (rows.length <= most) return rows;
  const few: DrawnRow[] = [];
  for (let from = 0; from < rows.length; ) {
    const first = rows[from] as DrawnRow;
    let to = from + 1;
    while (to < rows.length && alike(first, rows[to] as DrawnRow)) to++;
    const run = rows.slice(from, to);
    few.push(...(first.kind === "layer" && run.length > 4 ? [first, more(run.slice(1, -1)), run[run.length - 1] as DrawnRow] : run));
    from = to;
  }
  return few;
}

const alike = (a: DrawnRow, b: DrawnRow): boolean =>
  a.kind === "layer" && b.kind === "layer" && a.layer.state === b.layer.state && a.layer.depth === b.layer.depth;

function more(rows: readonly DrawnRow[]): DrawnRow {
  const layers = rows.flatMap((row) => (row.kind === "layer" ? [row] : []));
  const first = (layers[0] as (typeof layers)[number]).layer;
  return {
    kind: "more",
    layers: layers.reduce((sum, row) => sum + 1 + (row.folded ? row.inside : 0), 0),
    parameters: layers.reduce((sum, row) => sum + row.layer.parameters, 0),
    trainable: layers.reduce((sum, row) => sum + row.layer.trainable, 0),
    state: first.state,
    depth: first.depth,
  };
}

/** Length of a bar, 0 to 1, on a log scale: a head of 1,290 parameters is seen beside a backbone of 66 million. */
export function barLength(parameters: number, most: number): number {
  return parameters <= 0 || most <= 0 ? 0 : Math.log10(1 + parameters) / Math.log10(1 + most);
}
