/**
 * What the JupyterLab extension shares with the picture: the chart in data coordinates, the rows of the
 * diagram, colours and words. Pure functions without a dependency, so that they run in a page.
 */

export { epochStride, niceTicks, tickLabels } from "./axes";
export { bestLabelPlace, type LabelPlace } from "./best-label";
export { lastStep, mergeDelta } from "./delta";
export { bestIsLast, endLabels, type EndLabel } from "./end-labels";
export { headline, isLive, type Headline } from "./headline";
export { barLength, drawnRows, foldable, foldedAtFirst, type DrawnRow } from "./layer-rows";
export { DARK, LIGHT, type Palette } from "./palette";
export { chartModel, type ChartModel, type Curve, type Panel } from "./panels";
export { count, figure, outputShape, share, trainableOf } from "./words";
