import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunPageSession } from '../../../../src/core/charts/session.ts';
import { RunView } from '../../../../src/core/charts/runview.ts';
import type { PageNotice, RunFacts, RunSnapshot, SeriesPoints, ToRunPage } from '../../../../src/protocol/charts.ts';

const loading: PageNotice = { kind: 'loading', text: 'Reading', action: 'none' };
const facts: RunFacts = {
  runId: 'a',
  name: 'warm-fox',
  model: null,
  experiment: 'x',
  status: 'RUNNING',
  lost: false,
  paused: false,
  reason: null,
  startTime: 0,
  endTime: null,
  epochs: null,
  examplesPerSecond: null,
  objective: null,
  params: [],
  details: [],
  parent: null,
  sweep: null,
  answers: null,
};
const points = (name: string, from: number, ...values: number[]): SeriesPoints => ({
  name,
  from,
  steps: Float64Array.from(values, (_, i) => from + i + 1),
  values: Float64Array.from(values),
});
const snapshot = (...series: SeriesPoints[]): RunSnapshot => ({ run: facts, series, events: [] });
const change = (...series: SeriesPoints[]) => ({ series, events: [] });

function startedSession(): RunPageSession {
  const session = new RunPageSession(loading);
  session.begin();
  return session;
}
const valuesOf = (view: RunView, name: string) => [...(view.run?.series.get(name)?.values ?? [])];

describe('the two halves of a Run chart page', () => {
  it('send nothing before the page is ready, then one message at a time', () => {
    const session = new RunPageSession(loading);
    expect(session.next()).toBeUndefined();
    session.begin();
    expect(session.next()).toMatchObject({ type: 'notice', sequence: 1 });
    session.showRun(snapshot(points('loss', 0, 3)));
    expect(session.next()).toBeUndefined();
    session.acknowledge(99);
    expect(session.next()).toBeUndefined();
    session.acknowledge(1);
    expect(session.next()).toMatchObject({ type: 'snapshot', sequence: 2 });
    session.acknowledge(2);
    expect(session.next()).toBeUndefined();
  });

  it('gather what comes while the page draws into one append', () => {
    const session = startedSession();
    session.showRun(snapshot(points('loss', 0, 3)));
    session.next();
    session.change(change(points('loss', 1, 2)));
    session.change({
      ...change(points('loss', 2, 1), points('acc', 0, 9)),
      run: { ...facts, status: 'FINISHED', endTime: 5 },
    });
    session.acknowledge(1);
    const message = session.next();
    expect(message).toMatchObject({
      type: 'append',
      change: { run: { status: 'FINISHED' }, series: [points('loss', 1, 2, 1), points('acc', 0, 9)] },
    });
    expect(message).not.toHaveProperty('runs');
  });

  it('do not repeat points and events that were there already', () => {
    const session = startedSession();
    const event = { time: 1, step: 2, kind: 'warning', text: 'x' };
    session.showRun({ ...snapshot(points('loss', 0, 3, 2)), events: [event] });
    session.next();
    session.acknowledge(1);
    expect(session.change({ series: [points('loss', 0, 3, 2)], events: [event] })).toBe(true);
    expect(session.next()).toBeUndefined();
  });

  it('ask for a new snapshot when points are missing, in the extension and in the page', () => {
    const session = startedSession();
    session.showRun(snapshot(points('loss', 0, 3)));
    expect(session.change(change(points('loss', 5, 1)))).toBe(false);
    const view = new RunView();
    const head = { protocol: 1, sequence: 1 } as const;
    expect(view.receive({ ...head, type: 'append', change: change(points('loss', 1, 1)) })).toBe('resync');
    expect(
      view.receive({ ...head, sequence: 2, type: 'snapshot', snapshot: snapshot(points('loss', 0, 3)), runs: [] }),
    ).toBe('draw');
    expect(view.receive({ ...head, sequence: 4, type: 'append', change: change(points('loss', 1, 1)) })).toBe('resync');
    expect(valuesOf(view, 'loss')).toEqual([3]);
  });

  it('send everything again to a page that was loaded again', () => {
    const session = startedSession();
    session.showRun(snapshot(points('loss', 0, 3)));
    session.next();
    session.change(change(points('loss', 1, 2)));
    session.begin();
    expect(session.next()).toMatchObject({ type: 'snapshot', snapshot: { series: [points('loss', 0, 3, 2)] } });
  });

  it('end with equal points, whatever is repeated, replaced, lost or loaded again', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('points' as const),
        name: fc.constantFrom('loss', 'acc'),
        back: fc.nat(3),
        values: fc.array(fc.double(), { maxLength: 5 }),
      }),
      fc.record({
        kind: fc.constantFrom('deliver' as const, 'acknowledge' as const, 'lose' as const, 'reload' as const),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const session = startedSession();
        session.showRun(snapshot());
        const truth = new Map<string, number[]>();
        let view = new RunView();
        let inFlight: ToRunPage | undefined;
        const deliver = (): void => {
          inFlight ??= session.next();
          if (inFlight === undefined) return;
          const result = view.receive(inFlight);
          if (result === 'resync') session.begin();
          else session.acknowledge(inFlight.sequence);
          inFlight = undefined;
        };
        for (const action of steps) {
          if (action.kind === 'points') {
            const known = truth.get(action.name) ?? [];
            const from = Math.max(0, known.length - action.back);
            truth.set(action.name, [...known.slice(0, from), ...action.values]);
            expect(session.change(change(points(action.name, from, ...action.values)))).toBe(true);
          } else if (action.kind === 'deliver') deliver();
          else if (action.kind === 'acknowledge') inFlight ??= session.next();
          else if (action.kind === 'lose') {
            if ((inFlight ?? session.next()) !== undefined) session.begin();
            inFlight = undefined;
          } else {
            view = new RunView();
            inFlight = undefined;
            session.begin();
          }
        }
        for (let i = 0; i < 4; i += 1) deliver();
        for (const [name, values] of truth) expect(valuesOf(view, name)).toEqual(values);
      }),
    );
  });
});
