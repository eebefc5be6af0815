import { describe, expect, it } from 'vitest';
import { buildGraph, dependentsOf, orderStages } from '../../../../src/core/pipeline/graph.ts';
import { markBlocked, planRun, resolveTarget, selectStages } from '../../../../src/core/pipeline/plan.ts';
import type { Stage } from '../../../../src/core/pipeline/stage.ts';
import type { StageStatus } from '../../../../src/protocol/pipeline.ts';

let line = 0;
function stage(name: string, deps: string[], outs: string[], more: Partial<Stage> = {}): Stage {
  line += 1;
  const place = { file: 'dvc.yaml', line, column: 1 };
  return {
    name,
    key: name,
    place,
    cmd: 'x',
    wdir: '',
    deps: deps.map((file) => ({ path: file, file, place })),
    params: [],
    outs: outs.map((file) => ({ path: file, file, place, kind: 'out', cache: true, persist: false })),
    frozen: false,
    alwaysChanged: false,
    desc: undefined,
    unsupported: [],
    ...more,
  };
}

//        e
//       / \
//      d   f
//     / \   \
//    b   c   g
//     \ /
//      a
const diamond = [
  stage('e', ['d.out', 'f.out'], ['e.out']),
  stage('d', ['b.out', 'c.out'], ['d.out']),
  stage('b', ['a.out'], ['b.out']),
  stage('c', ['a.out'], ['c.out']),
  stage('f', ['g.out'], ['f.out']),
  stage('a', [], ['a.out']),
  stage('g', [], ['g.out']),
];
const { graph } = buildGraph(diamond);
const names = (stages: readonly Stage[]): string => stages.map(({ name }) => name).join(' ');

describe('order', () => {
  it('needs come first, depth first', () => expect(names(orderStages(graph, ['e']))).toBe('a b c d g f e'));
  it('of one target', () => expect(names(orderStages(graph, ['d']))).toBe('a b c d'));
  it('downstream', () => expect(names(orderStages(graph, ['b'], { downstream: true }))).toBe('b d e'));
  it('single', () =>
    expect(names(selectStages(graph, { targets: ['e', 'a'], single: true, downstream: false }))).toBe('e a'));
  it('a frozen stage asks for nothing', () => {
    const frozen = buildGraph(diamond.map((one) => (one.name === 'd' ? { ...one, frozen: true } : one))).graph;
    expect(names(orderStages(frozen, ['e']))).toBe('d g f e');
  });
  it('dependents', () => expect([...dependentsOf(graph, 'a')].sort().join(' ')).toBe('b c d e'));
  it('a long chain does not exhaust the stack', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => stage(`s${i}`, i === 0 ? [] : [`o${i - 1}`], [`o${i}`]));
    const built = buildGraph(chain);
    expect(built.problems).toEqual([]);
    expect(orderStages(built.graph, ['s9999'])).toHaveLength(10_000);
  });
});

describe('edges by containment', () => {
  it.each([
    ['data', 'data'],
    ['data/raw/x.csv', 'data/raw'],
    ['data', 'data/raw'],
  ])('%s needs what makes %s', (dep, out) => {
    const { graph: small } = buildGraph([stage('use', [dep], []), stage('make', [], [out])]);
    expect(small.needs.get('use')).toEqual(['make']);
  });
  it('several outputs in one folder are needed in the order of their stages', () => {
    const makers = [stage('z', [], ['d/b/2']), stage('y', [], ['d/a']), stage('x', [], ['d/b/1'])];
    const { graph: small } = buildGraph([stage('use', ['d'], []), ...makers]);
    expect(small.needs.get('use')).toEqual(['z', 'x', 'y']);
  });
  it('a common beginning is no containment', () => {
    const { graph: small } = buildGraph([stage('use', ['data2', 'dat'], []), stage('make', [], ['data'])]);
    expect(small.needs.get('use')).toEqual([]);
  });
});

describe('problems', () => {
  const messages = (...stages: Stage[]): string[] => buildGraph(stages).problems.map(({ message }) => message);
  it('an output of two stages', () =>
    expect(messages(stage('a', [], ['x']), stage('b', [], ['x']))).toEqual(['x is an output twice: of a and of b.']));
  it('overlapping outputs, with others sorted between', () =>
    expect(messages(stage('a', [], ['x', 'x-y', 'x.z']), stage('b', [], ['x/in']))).toEqual([
      'x and x/in overlap: of a and of b.',
    ]));
  it('cycles', () =>
    expect(messages(stage('a', ['c'], ['a']), stage('b', ['a'], ['b']), stage('c', ['b'], ['c']))).toEqual([
      'The stages depend on each other: a → c → b → a.',
    ]));
  it('a stage that needs itself', () => expect(messages(stage('a', ['x/in'], ['x']))).toHaveLength(1));
  it('a dvc.yaml inside an output', () =>
    expect(
      messages(stage('a', [], ['sub']), stage('b', [], ['o'], { place: { file: 'sub/dvc.yaml', line: 1, column: 1 } })),
    ).toEqual(['sub/dvc.yaml lies inside the output sub.']));
});

const status = (stale: string[], stages: readonly Stage[] = diamond): StageStatus[] =>
  stages.map(({ name, frozen }) => ({
    name,
    file: 'dvc.yaml',
    line: 1,
    state: frozen ? 'frozen' : stale.includes(name) ? 'stale' : 'fresh',
    reasons: stale.includes(name) ? [{ kind: 'cmd' }] : [],
    needs: [],
    lastSeconds: null,
  }));

describe('what stands behind', () => {
  const states = (stale: string[], stages: readonly Stage[] = diamond): string =>
    markBlocked(buildGraph(stages).graph, status(stale, stages))
      .map(({ name, state }) => `${name}:${state}`)
      .join(' ');
  it('nothing stale', () => expect(states([])).toBe('e:fresh d:fresh b:fresh c:fresh f:fresh a:fresh g:fresh'));
  it('a stale stage blocks what needs it, however far', () =>
    expect(states(['b'])).toBe('e:blocked d:blocked b:stale c:fresh f:fresh a:fresh g:fresh'));
  it('a frozen stage blocks nothing', () => {
    const frozen = diamond.map((one) => (one.name === 'd' ? { ...one, frozen: true } : one));
    expect(states(['b'], frozen)).toBe('e:fresh d:frozen b:stale c:fresh f:fresh a:fresh g:fresh');
  });
  it('a long chain in reverse order needs no deep recursion', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => stage(`s${i}`, [`o${i + 1}`], [`o${i}`]));
    const { graph: long } = buildGraph([...chain, stage('s10000', [], ['o10000'])]);
    expect(markBlocked(long, status([], chain)).every(({ state }) => state === 'fresh')).toBe(true);
    expect(markBlocked(long, status(['s9999'], chain)).at(0)?.state).toBe('blocked');
  });
});

describe('plan', () => {
  const plan = (stale: string[], more = {}): string =>
    planRun(graph, status(stale), { targets: [], single: false, downstream: false, force: false, ...more })
      .steps.map(({ name, action }) => `${name}:${action}`)
      .join(' ');
  it('nothing to do', () => expect(plan([])).toBe('a:skip b:skip c:skip d:skip g:skip f:skip e:skip'));
  it('what follows a run is looked at again', () =>
    expect(plan(['b'])).toBe('a:skip b:run c:skip d:check g:skip f:skip e:check'));
  it('a frozen stage that would always run is left alone', () => {
    const frozen = buildGraph([stage('s', [], ['o'], { frozen: true, alwaysChanged: true })]).graph;
    const always: StageStatus[] = [{ ...status([])[0]!, name: 's', reasons: [{ kind: 'always' }] }];
    const options = { targets: [], single: false, downstream: false, force: false };
    expect(planRun(frozen, always, options).steps).toMatchObject([{ action: 'skip' }]);
  });
  it('force', () => expect(plan([], { targets: ['f'], force: true })).toBe('g:run f:run'));

  it('targets', () => {
    const group = buildGraph([stage('train@a', [], []), stage('train@b', [], []), stage('x', [], [])]).graph;
    expect(resolveTarget(group, 'train')).toEqual(['train@a', 'train@b']);
    expect(resolveTarget(group, 'dvc.yaml:x')).toEqual(['x']);
    expect(resolveTarget(group, 'dvc.yaml')).toHaveLength(3);
    expect(resolveTarget(group, 'trai')).toBeUndefined();
  });
});
