import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut, nextNode, nodeSize, type Direction, type Layout } from '../../../../src/core/dag/dag.ts';
import { countCrossings } from '../../../../src/core/dag/ordering.ts';

/** 'a b<a c<a,b': nodes in order with what they need. */
const nodesOf = (text: string) =>
  text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [name = '', needs = ''] = word.split('<');
      return { name, needs: needs.split(',').filter((need) => need !== '') };
    });
const rowsOf = (text: string): string =>
  layOut(nodesOf(text))
    .rows.map((row) => row.join(' '))
    .join(' | ');

const acyclic = fc.array(fc.array(fc.nat({ max: 40 }), { maxLength: 4 }), { maxLength: 40 }).map((lists) =>
  lists.map((needs, index) => ({
    name: `s${index}`,
    needs: index === 0 ? [] : needs.map((need) => `s${need % index}`),
  })),
);

function overlaps({ nodes }: Layout): boolean {
  const boxes = [...nodes.values()];
  return boxes.some((a, index) =>
    boxes.slice(index + 1).some((b) => Math.abs(a.x - b.x) < nodeSize.width && Math.abs(a.y - b.y) < nodeSize.height),
  );
}

describe('the layout of a graph', () => {
  it.each([
    ['', ''],
    ['a', 'a'],
    ['a b<a c<b', 'a | b | c'],
    ['a b<a c<a d<b,c', 'a | b c | d'],
    // The longest path decides; what needs nothing stands right above what needs it.
    ['a b<a c<b d<a,c', 'a | b | c | d'],
    ['a b<a c<b late d<c,late', 'a | b | c late | d'],
    // In the order of the file these would cross.
    ['a b c<b d<a', 'a b | d c'],
    // What nothing connects stands below.
    ['lonely a b<a', 'a | b | lonely'],
    // A cycle, and a name that is nobody's: drawn all the same.
    ['a<c b<a c<b', 'a | b | c'],
    ['a<a b<a,nobody', 'a | b'],
  ])('%s', (given, expected) => {
    expect(rowsOf(given)).toBe(expected);
  });

  it('a chain is straight, also beside a long edge', () => {
    const { nodes } = layOut(nodesOf('a b<a c<b d<c'));
    expect(new Set([...nodes.values()].map(({ x }) => x)).size).toBe(1);
    const { nodes: tail } = layOut(nodesOf('a b<a c<b,a d<c e<d f<e'));
    expect(new Set(['c', 'd', 'e', 'f'].map((name) => tail.get(name)?.x)).size).toBe(1);
  });

  it('edges lead down from box to box, around those in between', () => {
    const { nodes, edges } = layOut(nodesOf('a b<a c<b d<c,a'));
    const edge = edges.find(({ from, to }) => from === 'a' && to === 'd');
    expect(edge?.points.length).toBe(6);
    const middle = edge?.points.slice(1, -1) ?? [];
    for (const name of ['b', 'c'])
      for (const [x] of middle) expect(Math.abs(x - (nodes.get(name)?.x ?? x))).toBeGreaterThan(nodeSize.width / 2);
  });

  it('what is needed stands above, no boxes overlap, all lies in the frame, and the same graph gives the same drawing', () => {
    fc.assert(
      fc.property(acyclic, (nodes) => {
        const layout = layOut(nodes);
        expect([...layout.nodes.keys()].sort()).toEqual(nodes.map(({ name }) => name).sort());
        for (const { from, to, left, right } of layout.edges) {
          expect(layout.nodes.get(from)!.y).toBeLessThan(layout.nodes.get(to)!.y);
          expect(left).toBeGreaterThanOrEqual(0);
          expect(right).toBeLessThanOrEqual(layout.width);
        }
        expect(overlaps(layout)).toBe(false);
        expect(layOut(nodes)).toEqual(layout);
      }),
      { numRuns: 60 },
    );
  });

  it('5,000 stages of one group are folded into a block, 5,000 in a row need no bends without end', () => {
    const many = Array.from({ length: 5000 }, (_, index) => ({ name: `m${index}`, needs: ['first'] }));
    const last = { name: 'last', needs: ['first', ...many.map(({ name }) => name)] };
    const wide = layOut([{ name: 'first', needs: [] }, ...many, last]);
    expect(wide.width).toBeLessThan(20_000);
    expect(wide.edges.filter(({ isQuiet }) => isQuiet)).toHaveLength(10_000);
    const chain = Array.from({ length: 5000 }, (_, index) => ({
      name: `c${index}`,
      needs: index === 0 ? [] : [`c${index - 1}`, 'c0'],
    }));
    expect(layOut(chain).rows).toHaveLength(5000);
  });

  it('crossings are counted as pairs of lines', () => {
    const lower = [[3, 4], [3], [], [], []];
    expect(countCrossings([0, 1], [3, 4], lower)).toBe(1);
    expect(countCrossings([1, 0], [3, 4], lower)).toBe(0);
  });
});

describe('walking the graph', () => {
  const layout = layOut(nodesOf('a b<a c<a d<a e<c f<d'));
  it.each<[string | null, Direction, string]>([
    [null, 'down', 'a'],
    ['a', 'down', 'c'],
    ['a', 'up', 'a'],
    ['c', 'left', 'b'],
    ['c', 'right', 'd'],
    ['d', 'right', 'd'],
    ['d', 'down', 'f'],
    ['b', 'down', 'b'],
    ['f', 'up', 'd'],
    ['c', 'first', 'a'],
    ['c', 'last', 'f'],
  ])('from %s %s to %s', (from, direction, to) => {
    expect(nextNode(layout, from, direction)).toBe(to);
  });

  it('nowhere in an empty graph', () => {
    expect(nextNode(layOut([]), null, 'down')).toBeUndefined();
  });
});
