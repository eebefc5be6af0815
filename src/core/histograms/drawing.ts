import type { Histograms } from '../../protocol/histograms.ts';

/** Of the step with this index. */
export function edgesOf({ edges }: Histograms, index: number): readonly number[] {
  return (edges.length === 1 ? edges[0] : edges[index]) ?? [];
}

export function totalOf({ counts }: Histograms, index: number): number {
  return (counts[index] ?? []).reduce((sum, count) => sum + count, 0);
}

/** The least and the greatest edge of all steps. */
export function valueSpan({ edges }: Histograms): readonly [least: number, greatest: number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (const list of edges) {
    least = Math.min(least, list[0] ?? Infinity);
    greatest = Math.max(greatest, list.at(-1) ?? -Infinity);
  }
  return [least, greatest];
}

/** Which part of the step's values lies in each bin, for each unit of value: bins of any width can be compared. Zeros where the step has none. */
export function densities(histograms: Histograms, index: number): readonly number[] {
  const total = totalOf(histograms, index);
  const edges = edgesOf(histograms, index);
  return (histograms.counts[index] ?? []).map((count, bin) => {
    const width = (edges[bin + 1] ?? NaN) - (edges[bin] ?? NaN);
    return count === 0 ? 0 : Math.min(Number.MAX_VALUE, count / total / width);
  });
}

/** The first bin with the most values; -1 without values. */
export function fullestBin({ counts }: Histograms, index: number): number {
  const row = counts[index] ?? [];
  let fullest = -1;
  row.forEach((count, bin) => {
    if (count > (row[fullest] ?? 0)) fullest = bin;
  });
  return fullest;
}

/** The bin in which a value lies, the last edge included; -1 outside. */
export function binAt(histograms: Histograms, index: number, value: number): number {
  const edges = edgesOf(histograms, index);
  const above = edges.findIndex((edge) => edge > value);
  if (above >= 0) return above - 1;
  return value === edges.at(-1) ? edges.length - 2 : -1;
}

/** What a picture of steps by values shows at each of its pixels, row by row from the top: 0 for nothing, 1 for the greatest density of all. */
interface Shades {
  readonly width: number;
  readonly height: number;
  readonly cells: Float64Array;
}

/** Steps are equally wide, however far apart they are. A pixel on which several steps or bins lie shows the densest of them: nothing is lost. */
export function shade(histograms: Histograms, { width, height }: { width: number; height: number }): Shades {
  const { steps } = histograms;
  const [least, greatest] = valueSpan(histograms);
  const cells = new Float64Array(width * height);
  const rowOf = (value: number): number => ((greatest - value) / (greatest - least)) * height;
  let most = 0;
  for (let index = 0; index < steps.length; index += 1) {
    const across = pixels((index / steps.length) * width, ((index + 1) / steps.length) * width, width);
    const edges = edgesOf(histograms, index);
    densities(histograms, index).forEach((density, bin) => {
      if (density === 0) return;
      most = Math.max(most, density);
      const down = pixels(rowOf(edges[bin + 1] ?? 0), rowOf(edges[bin] ?? 0), height);
      for (let y = down.from; y < down.to; y += 1)
        for (let x = across.from; x < across.to; x += 1)
          cells[y * width + x] = Math.max(cells[y * width + x] ?? 0, density);
    });
  }
  return { width, height, cells: most === 0 ? cells : cells.map((density) => density / most) };
}

/** At least one, those whose middle lies between the two places. */
function pixels(from: number, to: number, size: number): { readonly from: number; readonly to: number } {
  const first = Math.min(size - 1, Math.round(from));
  return { from: first, to: Math.min(size, Math.max(first + 1, Math.round(to))) };
}
