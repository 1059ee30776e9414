import { DARK, LIGHT, type Palette } from "thawbook/drawing";

/** What a drawing takes from the page's theme. */
export interface Theme {
  colours: Palette;
  font: string;
}

/** The theme as it is now; JupyterLab and Notebook mark it on the page's body. */
export function currentTheme(): Theme {
  const style = getComputedStyle(document.body);
  const dark = document.body.dataset.jpThemeLight === "false";
  const base = dark ? DARK : LIGHT;
  const of = (variable: string, otherwise: string): string => style.getPropertyValue(variable).trim() || otherwise;
  return {
    colours: { ...base, background: of("--jp-layout-color0", base.background) },
    font: of("--jp-ui-font-family", "system-ui, sans-serif"),
  };
}
