import { formatSheet, type SvgChart, type SvgInk } from '../../../src/core/report/report.ts';
import type { Theme } from '../theme.ts';

/** A chart of lines as it can be taken away. Its colours are those of the moment. */
export interface ExportedChart {
  readonly chart: SvgChart;
  /** What its points are of. */
  readonly metrics: readonly string[];
}

/** One after the other, two beside each other where there are several. */
export function toSvg(charts: readonly ExportedChart[], theme: Theme): { text: string; width: number; height: number } {
  return formatSheet(
    charts.map(({ chart }) => toPlainColours(chart)),
    inkOf(theme),
  );
}

/** Twice as large as it is drawn, so that it is sharp wherever it is shown. */
export async function toPng({
  text,
  width,
  height,
}: {
  readonly text: string;
  readonly width: number;
  readonly height: number;
}): Promise<Uint8Array> {
  const address = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = createCanvas(width, height);
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await toBytes(canvas);
  } finally {
    URL.revokeObjectURL(address);
  }
}

export const pixels = 2;

export function createCanvas(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * pixels);
  canvas.height = Math.round(height * pixels);
  return canvas;
}

export async function toBytes(canvas: HTMLCanvasElement): Promise<Uint8Array> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob === null) throw new Error('The picture is too large.');
  return new Uint8Array(await blob.arrayBuffer());
}

function inkOf({ background, foreground, dim, grid, fontFamily }: Theme): SvgInk {
  return {
    ...{ background, foreground, fontFamily },
    dim: overBackground(dim, background),
    grid: overBackground(grid, background),
  };
}

function toPlainColours(chart: SvgChart): SvgChart {
  return {
    ...chart,
    looks: chart.looks.map((look) => ({ ...look, ...toPlainColour(look.colour) })),
    areas: chart.areas.map((area) => {
      const { colour, opacity } = toPlainColour(area.colour);
      return { ...area, colour, opacity: area.opacity * opacity };
    }),
    rings: chart.rings.map((ring) => ({ ...ring, colour: toPlainColour(ring.colour).colour })),
    keys: chart.keys.map((key) => ({ ...key, colour: toPlainColour(key.colour).colour })),
  };
}

/** Not every program that reads SVG knows colours with an alpha: it stands beside them. */
export function toPlainColour(colour: string): { readonly colour: string; readonly opacity: number } {
  const [r, g, b, opacity = 1] = channelsOf(colour) ?? [];
  return r === undefined || g === undefined || b === undefined
    ? { colour, opacity: 1 }
    : { colour: `rgb(${r}, ${g}, ${b})`, opacity };
}

function overBackground(colour: string, background: string): string {
  const [above, below] = [channelsOf(colour), channelsOf(background)];
  if (above === undefined || below === undefined) return colour;
  const [, , , alpha = 1] = above;
  const mixed = [0, 1, 2].map((i) => Math.round((above[i] ?? 0) * alpha + (below[i] ?? 0) * (1 - alpha)));
  return `rgb(${mixed.join(', ')})`;
}

function channelsOf(colour: string): readonly number[] | undefined {
  return /^rgba?\(([^)]+)\)$/.exec(colour)?.[1]?.split(',').map(Number);
}
