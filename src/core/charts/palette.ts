/** Kind of theme, as VS Code names it by a class of the page's body. */
export type ThemeKind = 'dark' | 'light' | 'high-contrast' | 'high-contrast-light';

export interface SeriesStyle {
  /** Name of the theme's variable. */
  readonly variable: string;
  /** Where a theme lacks the variable: VS Code's own defaults. */
  readonly fallback: Readonly<Record<'dark' | 'light', string>>;
  /** Lengths of stroke and gap in pixels; empty for a solid line. */
  readonly dash: readonly number[];
}

const hues = [
  { variable: '--vscode-charts-blue', fallback: { dark: '#3794ff', light: '#1a85ff' } },
  { variable: '--vscode-charts-red', fallback: { dark: '#f14c4c', light: '#e51400' } },
  { variable: '--vscode-charts-yellow', fallback: { dark: '#cca700', light: '#bf8803' } },
  { variable: '--vscode-charts-green', fallback: { dark: '#89d185', light: '#388a34' } },
  { variable: '--vscode-charts-purple', fallback: { dark: '#b180d7', light: '#652d90' } },
  { variable: '--vscode-charts-orange', fallback: { dark: '#d18616', light: '#d18616' } },
] as const;
const dashes = [[], [6, 3], [2, 3]] as const;

/** Six hues, then the same again with other dashes: never told apart by colour alone. */
export function seriesStyle(index: number): SeriesStyle {
  const hue = hues[index % hues.length] ?? hues[0];
  return { ...hue, dash: dashes[Math.floor(index / hues.length) % dashes.length] ?? [] };
}

/** From the classes of the page's body; VS Code gives high-contrast light themes both high-contrast classes. */
export function themeKind(bodyClasses: readonly string[]): ThemeKind {
  const has = (name: string): boolean => bodyClasses.includes(name);
  if (has('vscode-high-contrast-light')) return 'high-contrast-light';
  if (has('vscode-high-contrast')) return 'high-contrast';
  return has('vscode-light') ? 'light' : 'dark';
}
