import { asContainer, symbolicInternals } from "./internals";
import type { Container, Layer, LayersModel } from "./internals";
import { layerCalls } from "./structure";

/**
 * A model cut in two: the prefix, whose values depend on the inputs alone while some layers are at rest, and the tail,
 * which is everything that depends on a layer that is not.
 */
export interface Cut {
  /** Equal for equal cuts of one model. */
  key: string;
  /** The calls of layers in the tail, by their place. */
  tail: ReadonlySet<string>;
  /** What the tail reads of the prefix, in the order of the calls: names of values. An input of the model is `input:0`. */
  frontier: readonly string[];
  /** The layers that the prefix calls, in their order. */
  layers: readonly Layer[];
  /** The layers of the prefix that the tail reads. */
  last: readonly Layer[];
}

/** A value between layers: where it comes from, and whether it may change. */
interface Source {
  name: string;
  moving: boolean;
  layer: Layer | undefined;
}

/** @param moving whether a layer gives something else for the same input from one step to the next */
export function cutModel(model: LayersModel, moving: (layer: Layer) => boolean): Cut {
  const tail = new Set<string>();
  const frontier = new Map<string, Source>();
  const layers = new Set<Layer>();
  const visit = (container: Container, given: readonly Source[], place: string): Source[] => {
    const values = new Map<number, Source>();
    container.inputs.forEach((tensor, index) => values.set(symbolicInternals(tensor).id, given[index]!));
    layerCalls(container).forEach(({ layer, node }, index) => {
      const here = callPlace(place, index);
      const inputs = node.inputTensors.map((tensor) => values.get(symbolicInternals(tensor).id)!);
      const nested = asContainer(layer);
      let outputs: Source[];
      if (nested) outputs = visit(nested, inputs, `${here}/`);
      else {
        const moves = moving(layer) || inputs.some((source) => source.moving);
        if (moves) {
          tail.add(here);
          for (const source of inputs) if (!source.moving) frontier.set(source.name, source);
        } else layers.add(layer);
        outputs = node.outputTensors.map((_, output) => ({ name: valueName(here, output), moving: moves, layer }));
      }
      node.outputTensors.forEach((tensor, output) => values.set(symbolicInternals(tensor).id, outputs[output]!));
    });
    return container.outputs.map((tensor) => values.get(symbolicInternals(tensor).id)!);
  };
  visit(asContainer(model)!, model.inputs.map((_, index) => ({ name: inputName(index), moving: false, layer: undefined })), "");
  return {
    key: [...tail].join(),
    tail,
    frontier: [...frontier.keys()],
    layers: [...layers],
    last: [...frontier.values()].flatMap(({ layer }) => layer ?? []),
  };
}

export const inputName = (index: number): string => `input:${index}`;
export const callPlace = (place: string, index: number): string => `${place}${index}`;
export const valueName = (place: string, output: number): string => `${place}:${output}`;
