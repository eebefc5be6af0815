import { describe, expect, it } from 'vitest';
import {
  DagPageSession,
  DagPageView,
  fitView,
  reveal,
  toDrawnNodes,
  toGraphContent,
  zoomAt,
} from '../../../../src/core/dag/dag.ts';
import type { StageState, StageStatus, StatusDocument } from '../../../../src/protocol/pipeline.ts';
import { fillIn } from '../../../../src/core/charts/charts.ts';

const t = (message: string, ...values: (string | number | boolean)[]): string => fillIn(message, ...values.map(String));
const stage = (name: string, state: StageState, needs: string[] = []): StageStatus => ({
  name,
  file: 'dvc.yaml',
  line: 2,
  state,
  reasons: state === 'stale' ? [{ kind: 'dep', path: 'a.csv', change: 'modified' }] : [],
  needs,
  lastSeconds: null,
});
const statusOf = (...stages: StageStatus[]): StatusDocument => ({ project: '/p', stages, data: [], problems: [] });
const digits = (train: StageState): StatusDocument =>
  statusOf(
    stage('features', 'stale'),
    stage('train@a', train, ['features']),
    stage('train@b', 'fresh', ['features']),
    stage('evaluate', 'blocked', ['train@a', 'train@b']),
    stage('alone@x', 'fresh'),
  );

describe('what the page is told', () => {
  it('stages in the words of the view, groups of two and more, the first error', () => {
    const problem = { file: 'dvc.yaml', line: 3, column: 1, severity: 'error', message: 'no' } as const;
    const content = toGraphContent({ ...digits('running'), problems: [problem] }, t);
    expect(content.stages.map(({ name, group, spoken }) => [name, group, spoken])).toEqual([
      ['features', null, 'stale, a.csv changed'],
      ['train@a', 'train', 'running'],
      ['train@b', 'train', 'fresh'],
      ['evaluate', null, 'waits for train@a'],
      ['alone@x', null, 'fresh'],
    ]);
    expect(content.groups).toEqual([
      { name: 'train', state: 'running', words: '1 of 2 running', spoken: '1 of 2 running' },
    ]);
    expect(content.warning).toBe('dvc.yaml:3:1: error: no');
  });

  it('closed groups are one box with what all their members need', () => {
    const content = toGraphContent(digits('fresh'), t);
    const boxes = (...open: string[]) =>
      toDrawnNodes(content, new Set(open)).map(({ name, members, needs }) => `${name}${members ?? ''}<${needs.join()}`);
    expect(boxes()).toEqual(['features<', 'train2<features', 'evaluate<train', 'alone@x<']);
    expect(boxes('train')).toEqual([
      'features<',
      'train@a<features',
      'train@b<features',
      'evaluate<train@a,train@b',
      'alone@x<',
    ]);
  });
});

describe('session and page', () => {
  const loading = { kind: 'loading', text: 'wait', action: 'none' } as const;

  it('first everything, then what changed, then everything when the graph itself changed', () => {
    const [session, view] = [new DagPageSession(loading), new DagPageView()];
    const sent: string[] = [];
    const flush = (): void => {
      const message = session.next();
      if (message === undefined) return;
      sent.push(message.type === 'states' ? message.states.map(({ name }) => name).join() : message.type);
      view.receive(message);
    };
    const show = (status: StatusDocument): void => {
      session.show(toGraphContent(status, t));
      flush();
    };
    flush();
    expect(sent).toEqual([]);
    session.begin();
    flush();
    show(digits('fresh'));
    show(digits('fresh'));
    show(digits('running'));
    show(statusOf(stage('features', 'fresh')));
    session.begin();
    flush();
    expect(sent).toEqual(['notice', 'graph', 'train@a,evaluate,train', 'graph', 'graph']);
    expect(view.graph).toEqual(toGraphContent(statusOf(stage('features', 'fresh')), t));
  });

  it('a page that missed a message asks again; an old one changes nothing', () => {
    const view = new DagPageView();
    const graph = toGraphContent(digits('fresh'), t);
    const head = { protocol: 1 };
    expect(view.receive({ ...head, sequence: 1, type: 'states', states: [] })).toBe('resync');
    expect(view.receive({ ...head, sequence: 4, type: 'graph', graph })).toBe('graph');
    expect(view.receive({ ...head, sequence: 6, type: 'states', states: [] })).toBe('resync');
    expect(view.receive({ ...head, sequence: 4, type: 'notice', notice: loading })).toBe('old');
    expect(view.receive({ ...head, sequence: 5, type: 'states', states: [] })).toBe('states');
    expect(view.graph).toEqual(graph);
  });
});

describe('the view', () => {
  const page = { width: 1000, height: 600 };
  it.each([
    ['small: full size, in the middle', { width: 200, height: 100 }, { x: 400, y: 250, k: 1 }],
    ['wide: as large as fits', { width: 1904, height: 100 }, { x: 24, y: 275, k: 0.5 }],
    ['larger than the least zoom: from the top', { width: 1000, height: 60_000 }, { x: 450, y: 24, k: 0.1 }],
    ['empty', { width: 0, height: 0 }, { x: 500, y: 300, k: 1 }],
  ])('%s', (_name, drawing, expected) => {
    expect(fitView(drawing, page)).toEqual(expected);
  });

  it('zooms about a point, between bounds', () => {
    const view = zoomAt({ x: 10, y: 20, k: 1 }, 2, { x: 110, y: 220 });
    expect(view).toEqual({ x: -90, y: -180, k: 2 });
    expect(zoomAt(view, 100, { x: 0, y: 0 }).k).toBe(3);
  });

  it('reveals a box by the shortest way, and one in sight not at all', () => {
    const view = { x: 0, y: 0, k: 1 };
    const box = { left: 1100, right: 1200, top: 100, bottom: 140 };
    expect(reveal(view, box, page)).toEqual({ x: -224, y: 0, k: 1 });
    expect(reveal(view, { ...box, left: 400, right: 500 }, page)).toEqual(view);
  });
});
