/** Completions of the kernel, and names that need an import: choosing one writes the import, too. */

import { CompleterModel, KernelCompleterProvider, type CompletionHandler, type ICompletionContext, type ICompletionProvider } from "@jupyterlab/completer";
import { withImport, type AutoImport } from "./import-line";

const KERNEL = "thawbook";
/** Before all of JupyterLab's own (kernel 550, debugger 1000): the first one makes the model. What several offer is shown once. */
const RANK = 1100;
/** Between an item's name and its module: several modules may have the name, and an item is known by its text alone. */
const SEPARATOR = "\u2063";

const keyOf = ({ name, from }: AutoImport): string => `${name}${SEPARATOR}${from}`;

/** Turns the choice of an item into a change of the cell. */
class ImportingModel extends CompleterModel {
  readonly imports = new Map<string, AutoImport>();

  override createPatch(chosen: string): ReturnType<CompleterModel["createPatch"]> {
    const patch = super.createPatch(plain(chosen));
    const wanted = this.imports.get(chosen);
    return patch && wanted && this.current ? withImport(this.current.text, patch, wanted) : patch;
  }

  override get query(): string {
    return super.query;
  }

  /** What all items begin with is written by Tab: no further than the name. */
  override set query(text: string) {
    super.query = plain(text);
  }
}

const plain = (text: string): string => text.split(SEPARATOR, 1)[0]!;

interface Metadata {
  _jupyter_types_experimental?: { text: string; type: string }[];
  thawbook_auto_imports?: AutoImport[];
}

export class ImportingProvider implements ICompletionProvider {
  readonly identifier = "CompletionProvider:thawbook";
  readonly rank = RANK;
  readonly renderer = null;
  private readonly kernel = new KernelCompleterProvider();
  private readonly models = new Map<string, ImportingModel>();

  async isApplicable({ session }: ICompletionContext): Promise<boolean> {
    const info = await session?.kernel?.info;
    return info?.implementation === KERNEL;
  }

  async modelFactory({ widget }: ICompletionContext): Promise<CompleterModel> {
    const model = new ImportingModel();
    this.models.set(widget.id, model);
    widget.disposed.connect(() => this.models.delete(widget.id));
    return model;
  }

  async fetch(request: CompletionHandler.IRequest, context: ICompletionContext): Promise<CompletionHandler.ICompletionItemsReply> {
    const reply = await context.session?.kernel?.requestComplete({ code: request.text, cursor_pos: request.offset });
    if (reply?.content.status !== "ok") throw new Error("The kernel did not answer the completion request.");
    const { matches, cursor_start: start, cursor_end: end } = reply.content;
    const metadata = reply.content.metadata as Metadata;
    const items = matches.map((label, i) => ({ label, insertText: label, type: metadata._jupyter_types_experimental?.[i]?.type ?? "" }));
    return { start, end, items: [...items, ...this.importing(metadata.thawbook_auto_imports ?? [], context)] };
  }

  /** The documentation panel's text: the kernel's own for names in scope. */
  async resolve(...[item, context, patch]: Parameters<KernelCompleterProvider["resolve"]>): Promise<CompletionHandler.ICompletionItem> {
    return item.documentation === undefined ? this.kernel.resolve(item, context, patch) : item;
  }

  shouldShowContinuousHint(...given: Parameters<KernelCompleterProvider["shouldShowContinuousHint"]>): boolean {
    return this.kernel.shouldShowContinuousHint(...given);
  }

  /** None where another provider's model would write our keys into the cell. */
  private importing(imports: readonly AutoImport[], { widget }: ICompletionContext): CompletionHandler.ICompletionItems {
    const model = this.models.get(widget.id);
    if (!model || model.isDisposed) return [];
    model.imports.clear();
    for (const each of imports) model.imports.set(keyOf(each), each);
    // What stands in parentheses is shown, and not compared with what is typed.
    return imports.map((each) => ({ label: `${each.name} (${each.from})`, insertText: keyOf(each), type: each.kind, documentation: each.insertText }));
  }
}
