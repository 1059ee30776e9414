/** Thawbook in JupyterLab and Notebook: draws the training run and the model's layers, and completes names with their imports. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IThemeManager } from "@jupyterlab/apputils";
import { ICompletionProviderManager } from "@jupyterlab/completer";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { LAYERS_MIME, RUN_MIME } from "thawbook/views";
import { ImportingProvider } from "./auto-imports";
import { LayersDiagram } from "./layers-diagram";
import { RunChart, type Page } from "./run-chart";

/** Before HTML (50) and PNG (90): a page that has the extension draws, all others show the picture. */
const RANK = 0;

/** `safe`: nothing of the notebook is executed or read as markup, so an untrusted one is drawn too. */
const runs = (page: Page): IRenderMime.IRendererFactory => ({
  safe: true,
  mimeTypes: [RUN_MIME],
  defaultRank: RANK,
  createRenderer: () => new RunChart(page),
});

const layers: IRenderMime.IRendererFactory = {
  safe: true,
  mimeTypes: [LAYERS_MIME],
  defaultRank: RANK,
  createRenderer: () => new LayersDiagram(),
};

const views: JupyterFrontEndPlugin<void> = {
  id: "@thawbook/extension:views",
  description: "Draws training runs and layer-freeze diagrams.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker, IThemeManager],
  activate: (_: JupyterFrontEnd, rendermime: IRenderMimeRegistry, notebooks: INotebookTracker | null, themes: IThemeManager | null) => {
    const themeChanged = themes?.themeChanged;
    const page: Page = {
      ...(themeChanged && { themeChanged }),
      sessionOf: (node) => notebooks?.find((panel) => panel.node.contains(node))?.sessionContext,
    };
    rendermime.addFactory(runs(page), RANK);
    rendermime.addFactory(layers, RANK);
    // An output that is shown in a view of its own lies outside its notebook, but is drawn by the
    // notebook's registry: there the session is known without looking.
    const bind = (panel: NonNullable<INotebookTracker["currentWidget"]>): void => {
      panel.content.rendermime.addFactory(runs({ ...page, sessionOf: () => panel.sessionContext }), RANK);
    };
    notebooks?.forEach(bind);
    notebooks?.widgetAdded.connect((_sender, panel) => bind(panel));
  },
};

const autoImports: JupyterFrontEndPlugin<void> = {
  id: "@thawbook/extension:auto-imports",
  description: "Completes names of modules that the cell has not imported, and writes the import.",
  autoStart: true,
  optional: [ICompletionProviderManager],
  activate: (_: JupyterFrontEnd, completions: ICompletionProviderManager | null) => completions?.registerProvider(new ImportingProvider()),
};

// JupyterLab reads a prebuilt extension's plugins from its default export.
export default [views, autoImports];
