import type { Layout } from './layout.ts';

export type Direction = 'up' | 'down' | 'left' | 'right' | 'first' | 'last';

/**
 * Where an arrow key leads from a box: up and down along an edge, to the nearest box at its other end; left and right within the
 * row. The same box where there is none; the first one when nothing is chosen yet.
 */
export function nextNode(layout: Layout, from: string | null, direction: Direction): string | undefined {
  const own = from === null ? undefined : layout.nodes.get(from);
  if (own === undefined || direction === 'first') return layout.rows[0]?.[0];
  if (direction === 'last') return layout.rows.at(-1)?.at(-1);
  if (direction === 'up' || direction === 'down') return nearest(layout, own.name, direction) ?? own.name;
  const row = layout.rows[own.row] ?? [];
  return row[row.indexOf(own.name) + (direction === 'left' ? -1 : 1)] ?? own.name;
}

function nearest({ nodes, edges }: Layout, name: string, direction: 'up' | 'down'): string | undefined {
  const x = nodes.get(name)?.x ?? 0;
  const ends = edges.flatMap(({ from, to }) =>
    direction === 'up' ? (to === name ? [from] : []) : from === name ? [to] : [],
  );
  const distance = (end: string): number => Math.abs((nodes.get(end)?.x ?? 0) - x);
  return ends.toSorted((a, b) => distance(a) - distance(b))[0];
}
