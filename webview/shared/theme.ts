import { seriesStyle, themeKind, type ThemeKind } from '../../src/core/charts/charts.ts';

/** Colours and font of the moment, resolved, since a canvas knows no CSS variables. */
export interface Theme {
  readonly kind: ThemeKind;
  readonly foreground: string;
  readonly dim: string;
  readonly background: string;
  readonly grid: string;
  readonly mark: string;
  readonly fontFamily: string;
  /** Of the nth run or series. */
  readonly series: (index: number) => string;
}

export const isHighContrast = ({ kind }: Theme): boolean => kind.startsWith('high-contrast');

/** Reads the theme through the page's own CSS variables (`shared/page.css` says what they stand for). */
export function readTheme(): Theme {
  const kind = themeKind([...document.body.classList]);
  const tone = kind.endsWith('light') ? 'light' : 'dark';
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const resolve = (value: string): string => {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  };
  const foreground = resolve('var(--fg)');
  const theme: Omit<Theme, 'series'> = {
    kind,
    foreground,
    dim: resolve('var(--dim)'),
    background: resolve('var(--bg)'),
    grid: withAlpha(foreground, kind.startsWith('high-contrast') ? 0.3 : 0.1),
    mark: resolve('var(--mark)'),
    fontFamily: getComputedStyle(document.body).fontFamily,
  };
  const known = Array.from({ length: 6 }, (_, index) => {
    const { variable, fallback } = seriesStyle(index);
    return toOpaque(resolve(`var(${variable}, ${fallback[tone]})`));
  });
  probe.remove();
  return { ...theme, series: (index) => known[index % known.length] ?? foreground };
}

/** VS Code changes classes of the body and variables of the root element when the theme changes. */
export function onThemeChange(listener: () => void): void {
  const observer = new MutationObserver(listener);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}

/** A faint line can't be told from the ground: the orange of VS Code's own themes is one that marks text, to be seen through. */
function toOpaque(color: string): string {
  const channels = /^rgba\(([\d.]+, [\d.]+, [\d.]+), [\d.]+\)$/.exec(color);
  return channels === null ? color : `rgb(${channels[1]})`;
}

/** `rgb(1, 2, 3)` → `rgba(1, 2, 3, alpha)`; other notations stay as they are. */
export function withAlpha(color: string, alpha: number): string {
  const channels = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)/.exec(color);
  return channels === null ? color : `rgba(${channels.slice(1, 4).join(', ')}, ${alpha})`;
}
