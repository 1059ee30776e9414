/**
 * The colours of chart and diagram, in the picture and in the live view. Blue and vermilion are Okabe and
 * Ito's, told apart with every common colour blindness (https://jfly.uni-koeln.de/color/); ice and warm
 * stand on the same axis and differ in lightness too, so that a grey print still tells them apart.
 */
export interface Palette {
  background: string;
  text: string;
  muted: string;
  grid: string;
  axis: string;
  training: string;
  validation: string;
  gap: string;
  gapOpacity: number;
  rate: string;
  best: string;
  mark: string;
  /** Trains. */
  warm: string;
  /** Frozen, but gradients pass on their way down. */
  ice: string;
  /** Frozen, and backpropagation never arrives. */
  deepIce: string;
  bad: string;
}

export const LIGHT: Palette = {
  background: "#ffffff",
  text: "#1f2328",
  muted: "#656d76",
  grid: "#eaecef",
  axis: "#c4c9d0",
  training: "#0072b2",
  validation: "#d55e00",
  gap: "#d55e00",
  gapOpacity: 0.11,
  rate: "#7a828c",
  best: "#1f2328",
  mark: "#6f5a9e",
  warm: "#e2762a",
  ice: "#7fb5dc",
  deepIce: "#c9dff0",
  bad: "#b3261e",
};

export const DARK: Palette = {
  background: "#111111",
  text: "#e8eaed",
  muted: "#9aa1aa",
  grid: "#282c31",
  axis: "#4b5159",
  training: "#56b4e9",
  validation: "#f0975a",
  gap: "#f0975a",
  gapOpacity: 0.14,
  rate: "#8d949d",
  best: "#f2f4f6",
  mark: "#b4a1e0",
  warm: "#ee8f4c",
  ice: "#5f9fcb",
  deepIce: "#34536b",
  bad: "#ff8a80",
};
