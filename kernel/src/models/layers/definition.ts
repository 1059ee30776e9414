/**
 * A layer of ours as data: the weights that it has and what it computes. One class turns a definition into
 * a layer of tfjs, which saves, copies and freezes like any other; a larger layer is made of smaller
 * definitions, whose weights it has under their names (`attention/query/kernel`).
 */
import type { LayerVariable, serialization, Shape, Tensor, layers } from "@tensorflow/tfjs-node";
import { declarePure, requireTf, statelessNormal } from "../../tensorflow";

type Layer = layers.Layer;

export interface WeightSpec {
  name: string;
  shape: number[];
  /** `normal`: with a standard deviation of 0.02, as BERT's (Devlin et al. 2019). */
  initial: "normal" | "zeros" | "ones";
}

/** What a computation may ask for. */
export interface Scope {
  weight(name: string): Tensor;
  /** Dropout at a place with a name of its own; in inference it gives `x`. */
  dropout(site: string, x: Tensor, rate: number): Tensor;
}

/** The settings of a layer: what its configuration holds beside tfjs' own. */
export type Settings = Readonly<Record<string, number | string | boolean>>;

export interface LayerDefinition<S extends object = Settings> {
  /** The class name in saved models. */
  className: string;
  /** @param shapes of the inputs */
  weights(settings: S, shapes: readonly Shape[]): WeightSpec[];
  outputShape(settings: S, shapes: readonly Shape[]): Shape;
  compute(settings: S, inputs: readonly Tensor[], scope: Scope): Tensor;
  /** The places of dropout and their rates, where the layer has any. */
  dropouts?(settings: S): Readonly<Record<string, number>>;
}

/** The weights of a part, under its name. */
export function under(part: string, weights: readonly WeightSpec[]): WeightSpec[] {
  return weights.map((spec) => ({ ...spec, name: `${part}/${spec.name}` }));
}

/** What a part of a larger layer sees: its own weights and places. */
export function within(scope: Scope, part: string): Scope {
  return { weight: (name) => scope.weight(`${part}/${name}`), dropout: (site, x, rate) => scope.dropout(`${part}/${site}`, x, rate) };
}

/** What the class has beyond tfjs' layers. */
interface Defined {
  readonly definition: LayerDefinition;
  readonly settings: Settings;
  readonly named: ReadonlyMap<string, LayerVariable>;
}

type LayerClass = (new (config: Record<string, unknown>) => Layer) & serialization.SerializableConstructor<serialization.Serializable>;

const classes = new Map<string, LayerClass>();

/** The tfjs class of a definition, made and registered once. */
export function layerClass<S extends object>(definition: LayerDefinition<S>): LayerClass {
  const known = classes.get(definition.className);
  if (known) return known;
  const made = classOfDefinition(definition as unknown as LayerDefinition);
  requireTf().serialization.registerClass(made);
  declarePure(made);
  classes.set(definition.className, made);
  return made;
}

export function createLayer<S extends object>(definition: LayerDefinition<S>, name: string, settings: S): Layer {
  return new (layerClass(definition))({ ...settings, name });
}

/** @returns undefined for a layer that is none of ours */
export function definedLayer(layer: Layer): Defined | undefined {
  return "definition" in layer ? (layer as unknown as Defined) : undefined;
}

/** The places of dropout in a layer of ours, with the layer's own rates. */
export function dropoutSites(layer: Layer): Readonly<Record<string, number>> {
  const defined = definedLayer(layer);
  return defined?.definition.dropouts?.(defined.settings) ?? {};
}

/** What a layer of ours computes, with a dropout of the caller's. */
export function computeDefined(layer: Layer, inputs: readonly Tensor[], dropout: Scope["dropout"]): Tensor {
  const { definition, settings, named } = definedLayer(layer)!;
  return definition.compute(settings, inputs, { weight: (name) => named.get(name)!.read(), dropout });
}

function classOfDefinition(definition: LayerDefinition): LayerClass {
  const tf = requireTf();
  const { Layer: Base } = tf.layers as unknown as { Layer: typeof layers.Layer };
  return class extends Base implements Defined {
    static className = definition.className;
    readonly definition = definition;
    readonly settings: Settings;
    readonly named = new Map<string, LayerVariable>();

    constructor(config: Record<string, unknown>) {
      super(config);
      const { name: _name, trainable: _trainable, dtype: _dtype, batchInputShape: _shape, inputShape: _input, ...settings } = config;
      this.settings = settings as Settings;
    }

    override build(shape: Shape | Shape[]): void {
      // Drawn from Math.random, which whoever wants equal weights seeds: see fromScratch.
      const seed = Math.floor(Math.random() * 2 ** 31);
      for (const { name, shape: own, initial } of definition.weights(this.settings, listed(shape))) {
        const draw = () => tf.tidy(() => tf.mul(statelessNormal(own, { seed, site: name, step: 0 }), 0.02));
        const initializer = initial === "normal" ? { apply: draw } : tf.initializers[initial]();
        this.named.set(name, this.addWeight(name, own, "float32", initializer as ReturnType<typeof tf.initializers.zeros>));
      }
      this.built = true;
    }

    override computeOutputShape(shape: Shape | Shape[]): Shape {
      return definition.outputShape(this.settings, listed(shape));
    }

    override call(inputs: Tensor | Tensor[], kwargs: Record<string, unknown>): Tensor {
      const given = Array.isArray(inputs) ? inputs : [inputs];
      const training = kwargs["training"] === true;
      return tf.tidy(() => computeDefined(this, given, (_site, x, rate) => (training && rate > 0 ? tf.dropout(x, rate) : x)));
    }

    override getConfig() {
      return { ...super.getConfig(), ...this.settings };
    }
  } as unknown as LayerClass;
}

function listed(shape: Shape | Shape[]): Shape[] {
  return Array.isArray(shape[0]) ? (shape as Shape[]) : [shape as Shape];
}
