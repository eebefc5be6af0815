import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseFromPredictPage,
  parseFromRunPage,
  parseToPredictPage,
  parseToRunPage,
} from '../../../src/protocol/chartcodec.ts';
import type { AnswerFacts, CalibrationFacts } from '../../../src/protocol/answers.ts';
import {
  chartProtocolVersion,
  type FromPredictPage,
  type FromRunPage,
  type RunFacts,
  type StopRefused,
  type SweepFacts,
  type ToPredictPage,
  type ToRunPage,
  type TrialFacts,
} from '../../../src/protocol/charts.ts';

const run: RunFacts = {
  runId: 'a',
  name: '<img src=x>',
  model: null,
  experiment: '',
  status: 'RUNNING',
  lost: false,
  paused: false,
  reason: null,
  startTime: 1,
  endTime: null,
  epochs: 3,
  examplesPerSecond: 8.5,
  objective: { metric: 'val_loss', direction: 'minimize' },
  params: [['__proto__', 'x']],
  details: [],
  parent: null,
  sweep: null,
  answers: null,
};
const trial: TrialFacts = {
  ...{ runId: 't', name: 'elk', number: 0, status: 'RUNNING', lost: false, paused: true, reason: null },
  ...{ value: null, epoch: 0, seconds: null, values: ['3', ''] },
};
const sweep: SweepFacts = {
  ...{ objective: { metric: 'val_loss', direction: 'minimize' }, planned: 24, done: 1, best: null },
  ...{ keys: ['model.units', '__proto__'], trials: [trial, { ...trial, value: 0.5, seconds: 1.5 }] },
};
const calibration: CalibrationFacts = { bins: [[3, 0.25, 0.5]], error: 0.25 };
const answers: AnswerFacts = {
  ...{ split: 'test', classes: ['a', '__proto__'], counts: [1, 0, 0, 2], calibration },
  curves: [
    {
      ...{ positives: 2, negatives: 1, area: 0.5, averagePrecision: 0.5, calibration },
      points: [
        [0.5, 1, 0],
        [0.25, 2, 1],
      ],
    },
    {
      ...{ positives: 0, negatives: 3, area: null, averagePrecision: null, points: [] },
      calibration: { bins: [], error: null },
    },
  ],
};
const withPoints = (...points: readonly (readonly number[])[]): object => ({
  curves: [{ ...answers.curves[0], points }, answers.curves[1]],
});
const head = { protocol: chartProtocolVersion, sequence: 1 };
const series = [{ name: 'loss', from: 0, steps: Float64Array.of(1, 2), values: Float64Array.of(NaN, 3) }];
const choices = [{ runId: 'a', name: 'x', status: 'FINISHED' as const, lost: false, startTime: 1 }];
const event = { time: 1, step: null, kind: 'warning', text: 'x' };
const snapshot: ToRunPage = { ...head, type: 'snapshot', snapshot: { run, series, events: [event] }, runs: choices };
const notice: ToRunPage = { ...head, type: 'notice', notice: { kind: 'empty', text: 'x', action: 'none' }, runs: [] };
const append: ToRunPage = { ...head, type: 'append', change: { series: [{ ...series[0]!, from: 4 }], events: [] } };
const predictions: ToPredictPage = {
  ...head,
  type: 'predictions',
  model: 'm',
  images: [
    { name: '3_1.png', bytes: Uint8Array.of(1), mediaType: 'image/png', label: '3', probabilities: [['3', 0.98]] },
  ],
};

/** Every valid message once, with its parser. */
const valid: readonly (readonly [
  (value: unknown) => unknown,
  ToRunPage | StopRefused | FromRunPage | ToPredictPage | FromPredictPage,
])[] = [
  [parseToRunPage, snapshot],
  [parseToRunPage, notice],
  [parseToRunPage, append],
  [parseToRunPage, { type: 'stopRefused', protocol: chartProtocolVersion, runId: 'a' }],
  [parseToRunPage, { ...append, change: { ...append.change, run }, runs: choices }],
  [parseToRunPage, { ...append, change: { ...append.change, run: { ...run, sweep, parent: 'p' } } }],
  [parseToRunPage, { ...append, change: { ...append.change, run: { ...run, answers } } }],
  [parseFromRunPage, { type: 'ready', protocol: chartProtocolVersion }],
  [parseFromRunPage, { type: 'ack', sequence: 3 }],
  [parseFromRunPage, { type: 'resync' }],
  [parseFromRunPage, { type: 'setRun', runId: 'a' }],
  [parseFromRunPage, { type: 'stopRun', runId: 'a' }],
  [parseFromRunPage, { type: 'openLog', runId: 'a' }],
  [parseFromRunPage, { type: 'error', message: 'x' }],
  [parseToPredictPage, predictions],
  [parseToPredictPage, { ...head, type: 'notice', model: 'm', notice: { kind: 'broken', text: 'x', action: 'retry' } }],
  [parseFromPredictPage, { type: 'ready', protocol: chartProtocolVersion }],
  [parseFromPredictPage, { type: 'retry' }],
  [parseFromPredictPage, { type: 'chooseImages' }],
  [parseFromPredictPage, { type: 'error', message: 'x' }],
];
const parsers = [parseToRunPage, parseFromRunPage, parseToPredictPage, parseFromPredictPage];

describe('messages between the extension and its pages', () => {
  it.each(valid)('%o takes %o as it is', (parse, message) => expect(parse(message)).toBe(message));

  it.each(valid)('%o refuses %o with any field missing or of another type', (parse, message) => {
    for (const key of Object.keys(message)) {
      if (key === 'runs' && message.type === 'append') continue;
      for (const wrong of [undefined, null, Symbol('x'), { nested: [] }, -1.5, 'other'])
        if (!(key !== 'type' && typeof wrong === 'string' && typeof message[key as never] === 'string'))
          expect(parse({ ...message, [key]: wrong }), `${key}: ${typeof wrong}`).toBeUndefined();
    }
  });

  it.each([
    ['another version', { ...snapshot, protocol: chartProtocolVersion + 1 }],
    [
      'plain arrays as points',
      { ...snapshot, snapshot: { ...snapshot.snapshot, series: [{ ...series[0], steps: [1, 2] }] } },
    ],
    [
      'columns of different length',
      { ...snapshot, snapshot: { ...snapshot.snapshot, series: [{ ...series[0], steps: Float64Array.of(1) }] } },
    ],
    [
      'steps that go back',
      { ...snapshot, snapshot: { ...snapshot.snapshot, series: [{ ...series[0], steps: Float64Array.of(2, 1) }] } },
    ],
    [
      'a step that is none',
      { ...snapshot, snapshot: { ...snapshot.snapshot, series: [{ ...series[0], steps: Float64Array.of(1, NaN) }] } },
    ],
    [
      'a snapshot that begins in the middle',
      { ...snapshot, snapshot: { ...snapshot.snapshot, series: [{ ...series[0], from: 1 }] } },
    ],
    ['an unknown status', { ...snapshot, runs: [{ ...choices[0], status: 'DONE' }] }],
    ['a type that every object has', { ...snapshot, type: 'constructor' }],
    ['a list', [snapshot]],
  ])('refuses %s', (_, message) => expect(parseToRunPage(message)).toBeUndefined());

  it.each([
    ['a value that is none', { trials: [{ ...trial, value: NaN }] }],
    ['a number of a trial that is none', { trials: [{ ...trial, number: -1 }] }],
    ['a trial without values', { trials: [{ ...trial, values: undefined }] }],
    ['keys that are no texts', { keys: [3] }],
    ['no objective', { objective: null }],
  ])('refuses a sweep with %s', (_, wrong) => {
    const changed = { ...run, sweep: { ...sweep, ...wrong } };
    expect(parseToRunPage({ ...snapshot, snapshot: { ...snapshot.snapshot, run: changed } })).toBeUndefined();
  });

  it.each([
    ['fewer counts than cells', { counts: [1, 0, 0] }],
    ['counts that are none', { counts: [1, 0, 0, -2] }],
    ['a curve for some classes only', { curves: [answers.curves[0]] }],
    ['an area that is none', { curves: [answers.curves[0], { ...answers.curves[1], area: NaN }] }],
    ['points that are none', withPoints([0])],
    ['thresholds that ascend', withPoints([0.1, 0, 0], [0.2, 0, 1])],
    ['counts that descend', withPoints([0.2, 1, 0], [0.1, 0, 0])],
    ['more hits than examples', withPoints([0.2, 3, 0])],
    ['bins that are none', { calibration: { bins: [[1, 0.5]], error: null } }],
  ])('refuses answers with %s', (_, wrong) => {
    const changed = { ...run, answers: { ...answers, ...wrong } };
    expect(parseToRunPage({ ...snapshot, snapshot: { ...snapshot.snapshot, run: changed } })).toBeUndefined();
  });

  const picture = { width: 2, height: 1, channels: 3, pixels: new Uint8Array(6) };
  const example = { number: 3, probability: 0.5, picture, values: new Float64Array(0) };
  const found = { split: 'test', total: 9, note: null, examples: [example, { ...example, picture: null }] };
  const examples = {
    ...{ protocol: chartProtocolVersion, type: 'examples', runId: 'a' },
    actual: '4',
    predicted: '9',
    found,
  };
  it('takes examples of a cell, and the question for them', () => {
    expect(parseToRunPage(examples)).toEqual(examples);
    expect(parseFromRunPage({ type: 'readExamples', runId: 'a', actual: '4', predicted: '9' })).toBeDefined();
  });

  it.each([
    ['too few pixels', { picture: { ...picture, width: 3 } }],
    ['no pixels', { picture: { ...picture, width: 0, pixels: new Uint8Array(0) } }],
    ['other channels', { picture: { ...picture, channels: 2, pixels: new Uint8Array(4) } }],
    ['numbers as a list', { values: [1] }],
    ['a number that is none', { number: -1 }],
  ])('refuses examples with %s', (_, wrong) => {
    expect(parseToRunPage({ ...examples, found: { ...found, examples: [{ ...example, ...wrong }] } })).toBeUndefined();
  });

  it('refuses probabilities that are none', () => {
    for (const probability of [NaN, -0.1, 1.1, '0.5'])
      expect(
        parseToPredictPage({
          ...predictions,
          images: [{ ...predictions.images[0], probabilities: [['3', probability]] }],
        }),
      ).toBeUndefined();
  });

  it('never throws and never takes garbage for a message', () => {
    fc.assert(
      fc.property(
        fc.anything({ withTypedArray: true, withNullPrototype: true, withBigInt: true, withMap: true }),
        (garbage) => {
          for (const parse of parsers) expect(parse(garbage)).toBeUndefined();
        },
      ),
      { numRuns: 25_000 },
    );
  });
});
