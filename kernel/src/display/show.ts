import { inspect } from "node:util";
import { carried } from "./bundle";
import { frameBundle, isFrame } from "./frames";
import type { MimeBundle, Shown } from "./frontend";
import { imageType } from "./images";
import { isModel, modelBundle } from "./layers-bundle";
import { hasOwnDisplay, ownBundle } from "./own-display";
import { plainText } from "./plain";
import { isRun, runBundle } from "./run-bundle";
import { isTensor, tensorText } from "./tensors";

/** Every bundle holds `text/plain`: terminals, nbconvert and screen readers have nothing else. */
const withText = (data: MimeBundle, value: unknown): Shown => ({ data: "text/plain" in data ? data : { ...data, "text/plain": plainText(value) } });

/** A display that failed is told, and the value is still seen; the cell goes on. */
function asText(value: unknown, error: unknown): Shown {
  const reason = error instanceof Error ? error.message : inspect(error);
  return { data: { "text/plain": `${plainText(value)}\n(shown as text: its display failed with: ${reason})` } };
}

function known(value: unknown): Shown | Promise<Shown> {
  if (hasOwnDisplay(value)) {
    const bundle = ownBundle(value);
    return bundle instanceof Promise ? bundle.then((data) => withText(data, value)) : withText(bundle, value);
  }
  if (isTensor(value)) return { data: { "text/plain": tensorText(value) } };
  if (isFrame(value)) return { data: frameBundle(value) };
  if (isRun(value)) return runBundle(value);
  if (isModel(value)) return modelBundle(value);
  const image = value instanceof Uint8Array ? imageType(value) : undefined;
  if (image) return { data: { [image]: carried(value), "text/plain": plainText(value) } };
  return { data: { "text/plain": plainText(value) } };
}

/**
 * A value as a MIME bundle, at once wherever its own display method does not make us wait. Undefined for
 * undefined, which a cell without a value has. Never throws.
 */
export function bundleOf(value: unknown): Shown | undefined | Promise<Shown> {
  if (value === undefined) return undefined;
  try {
    const shown = known(value);
    return shown instanceof Promise ? shown.catch((error: unknown) => asText(value, error)) : shown;
  } catch (error) {
    return asText(value, error);
  }
}
