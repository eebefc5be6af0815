import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  checkName,
  chooseBest,
  formatMetricLine,
  formatMlmodel,
  formatRunMeta,
  nameRun,
  orderRuns,
  parseExperimentMeta,
  parseMetricLines,
  parseRunMeta,
  savedModelFlavors,
  selectRun,
  summarize,
  tfjsFlavors,
  toHistory,
  updateRunMeta,
} from '../../../../src/core/tracking/tracking.ts';
import { formatMlflowYaml, quoteText } from '../../../../src/core/tracking/yaml.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';

test('a meta of plain lines is read as a parser of YAML reads it', () => {
  const value = fc.oneof(
    fc.constantFrom(
      '1',
      'null',
      "''",
      "'a b'",
      'a b',
      'a: b',
      'a #b',
      'x:',
      '~',
      '- a',
      '[]',
      '{}',
      '|',
      "'it''s'",
      '"q"',
      '&a x',
      'a\tb',
      'é',
    ),
    fc.constantFrom(
      'file:///a/b',
      '1795291200000',
      'FINISHED',
      '3',
      'yes',
      ' a',
      'a ',
      'a\r',
      '',
      '\u{1f600}',
      '\u0085',
      '...',
      '.x',
      '%a',
    ),
    fc.string({ maxLength: 8 }),
  );
  const keys = [
    'run_id',
    'experiment_id',
    'run_name',
    'user_id',
    'status',
    'start_time',
    'end_time',
    'artifact_uri',
    'x',
    'lifecycle_stage',
  ];
  const line = fc
    .tuple(fc.constantFrom(...keys), value)
    .map(([key, text]) => (text === '' ? `${key}:` : `${key}: ${text}`));
  const whole = ['run_id: a', "experiment_id: '1'", 'artifact_uri: file:///a', 'start_time: 1', 'status: 3'];
  fc.assert(
    fc.property(fc.array(line, { maxLength: 4 }), fc.boolean(), (lines, isLast) => {
      const text = `${(isLast ? [...whole, ...lines] : [...lines, ...whole]).join('\n')}\n`;
      // A comment, which the quick way leaves to the parser.
      expect(parseRunMeta(text, 'f').value).toEqual(parseRunMeta(`${text}# whole\n`, 'f').value);
    }),
    { numRuns: 3000 },
  );
});

describe('YAML as MLflow writes it', () => {
  test.each([
    ['abc', 'abc'],
    ['file:///home/u/models/mlruns/0', 'file:///home/u/models/mlruns/0'],
    ['0', "'0'"],
    ['123e4', "'123e4'"],
    ['1_000', "'1_000'"],
    ['0o14', "'0o14'"],
    ['12:30', "'12:30'"],
    ['2026-11-21', "'2026-11-21'"],
    ['yes', "'yes'"],
    ['Off', "'Off'"],
    ['n', "'n'"],
    ['null', "'null'"],
    ['~', "'~'"],
    ['', "''"],
    ['.inf', "'.inf'"],
    ['a: b', "'a: b'"],
    ['a #b', "'a #b'"],
    ["it's", "'it''s'"],
    [' a', "' a'"],
    ['a ', "'a '"],
    ['größe', "'größe'"],
    ['a\nb', '"a\\nb"'],
    ['a\u0085b\u2028', '"a\\u0085b\\u2028"'],
    ['0b10', "'0b10'"],
    ['d3b07384d113edec49eaa6238ad5ff00', 'd3b07384d113edec49eaa6238ad5ff00'],
    ['12345678901234567890123456789012', "'12345678901234567890123456789012'"],
    ['1234567890123456789012345678e012', "'1234567890123456789012345678e012'"],
  ])('%j is written %s', (text, expected) => expect(quoteText(text)).toBe(expected));

  test('any text is read back, by YAML 1.1 and 1.2', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const yaml = formatMlflowYaml({ key: text });
        for (const version of ['1.1', '1.2'] as const)
          expect(parse(yaml, { version })).toEqual({ key: text.toWellFormed() });
      }),
    );
  });

  test('keys are sorted, mappings nested', () => {
    expect(formatMlflowYaml({ b: { d: 1, c: null }, a: true, e: [], f: {} })).toBe(
      'a: true\nb:\n  c: null\n  d: 1\ne: []\nf: {}\n',
    );
  });
});

const meta = {
  runId: '0123456789012345678901234567890e',
  experimentId: '481516234211515243',
  name: 'warm-fox',
  user: 'me',
  status: 'RUNNING',
  startTime: 1795291200000,
  endTime: null,
  artifactUri: 'file:///p/mlruns/1/r/artifacts',
} as const;

describe('meta.yaml', () => {
  test('of a run, word for word', () => {
    expect(formatRunMeta(meta)).toBe(`artifact_uri: file:///p/mlruns/1/r/artifacts
end_time: null
entry_point_name: ''
experiment_id: '481516234211515243'
lifecycle_stage: active
run_id: '0123456789012345678901234567890e'
run_name: warm-fox
run_uuid: '0123456789012345678901234567890e'
source_name: ''
source_type: 4
source_version: ''
start_time: 1795291200000
status: 1
tags: []
user_id: me
`);
    expect(parseRunMeta(formatRunMeta(meta), 'f').value).toEqual({ ...meta, isDeleted: false });
  });

  test('ids that look like numbers stay texts', () => {
    const text = formatRunMeta(meta).replaceAll("'", '').replace('0123456789012345678901234567890e', '12e34');
    expect(parseRunMeta(text, 'f').value?.runId).toBe('12e34');
    expect(parseExperimentMeta('experiment_id: 007\nname: 1.50\n', 'f').value).toMatchObject({
      experimentId: '007',
      name: '1.50',
    });
  });

  test('an update leaves what it does not know', () => {
    const text = `${formatRunMeta(meta)}zzz: kept\n`;
    expect(updateRunMeta(text, { status: 'KILLED', endTime: 5 })).toBe(
      text.replace('end_time: null', 'end_time: 5').replace('status: 1', 'status: 5'),
    );
    expect(updateRunMeta('a: 1', { status: 'FAILED', endTime: 5 })).toBe('a: 1\nstatus: 4\nend_time: 5\n');
  });

  test('cut at any byte it is read or refused, never thrown', () => {
    const text = formatRunMeta(meta);
    const readable = Array.from(text, (_, length) => parseRunMeta(text.slice(0, length), 'f')).filter(
      ({ value, problems }) => {
        expect(value === undefined).toBe(problems.some(({ severity }) => severity === 'error'));
        return value !== undefined;
      },
    );
    // Only cuts behind the status are still a whole record.
    for (const { value } of readable) expect(value).toMatchObject({ startTime: meta.startTime, status: 'RUNNING' });
    expect(readable.length).toBeLessThan(40);
  });
});

describe('metric lines', () => {
  test.each([
    [0.5, '0.5'],
    [1, '1.0'],
    [-0, '-0.0'],
    [0, '0.0'],
    [1e-5, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [0.0001, '0.0001'],
    [0.00012345, '0.00012345'],
    [123456789012345680, '1.2345678901234568e+17'],
    [1e16, '1e+16'],
    [9007199254740993, '9007199254740992.0'],
    [1e22, '1e+22'],
    [1e308, '1e+308'],
    [5e-324, '5e-324'],
    [-2.5, '-2.5'],
    [NaN, 'nan'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
  ])('%d is written %s, and read back', (value, text) => {
    const line = formatMetricLine({ timestamp: 1700000000000, value, step: -3 });
    expect(line).toBe(`1700000000000 ${text} -3\n`);
    expect(parseMetricLines(line).points[0]?.value).toBe(value);
  });

  test('any number survives', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const line = formatMetricLine({ timestamp: 1, value, step: 1 });
        expect(parseMetricLines(line).points[0]?.value).toBe(value);
      }),
    );
  });

  test.each<readonly [line: string, value: number | undefined]>([
    ['1 5. 1', 5],
    ['1 .5 1', 0.5],
    ['1 +5 1', 5],
    ['1 -1E+2 1', -100],
    ['1 1e400 1', Infinity],
    ['1 -inf 1', -Infinity],
    ['-1 7 -12', 7],
    ['12345678901234567 7 1', 7],
    ['1 1e 1', undefined],
    ['1 e5 1', undefined],
    ['1 1-2 1', undefined],
    ['1 . 1', undefined],
    ['1 5 1 ', undefined],
    [' 1 5 1', undefined],
    ['1 5 1e1', undefined],
  ])('the line "%s" has the value %s', (line, value) => {
    expect(parseMetricLines(`${line}\n`).points[0]?.value).toBe(value);
  });

  test('lines of all ages', () => {
    const text = '1700000000 0.5\n1700000000000 NaN 2\r\n1700000000000 Infinity 3 data 1a2b\n\n';
    expect(parseMetricLines(text)).toEqual({
      points: [
        { timestamp: 1700000000000, value: 0.5, step: 0 },
        { timestamp: 1700000000000, value: NaN, step: 2 },
        { timestamp: 1700000000000, value: Infinity, step: 3 },
      ],
      partial: '',
      badLines: 0,
    });
  });

  test('bytes behind the last line end are never data', () => {
    const text = '1 0.1 1\n2 0.2 15\n';
    for (let length = 0; length < text.length; length += 1) {
      const { points, partial, badLines } = parseMetricLines(text.slice(0, length));
      expect(points.length).toBe(length >= 8 ? 1 : 0);
      expect(partial).toBe(text.slice(points.length * 8, length));
      expect(badLines).toBe(0);
    }
  });

  test('what is no point is counted', () => {
    const text = '\u0000\u0000\n1 0x10 1\n1 0.5 1.5\nx 1 1\n1 2 3 4\n1 1 1\n1 - 1\n1  1\n';
    expect(parseMetricLines(text)).toMatchObject({ points: [{ value: 1 }], badLines: 7 });
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (any) => void parseMetricLines(any)));
  });
});

test('summaries: last by step, time, value; extremes without NaN; first of equal ones', () => {
  const point = (step: number, value: number, timestamp = 0) => ({ step, value, timestamp });
  expect(summarize([])).toBeUndefined();
  expect(summarize([point(1, NaN)])).toEqual({
    points: 1,
    last: { step: 1, value: NaN },
    min: null,
    max: null,
    best: null,
  });
  const points = [point(3, 1), point(2, 5), point(1, 1), point(3, NaN, 9), point(3, 2, 9)];
  const summary = summarize(points);
  expect(summary).toEqual({
    points: 5,
    last: { step: 3, value: 2 },
    min: { step: 1, value: 1 },
    max: { step: 2, value: 5 },
    best: null,
  });
  const bestBy = (direction: 'minimize' | 'maximize', metric = 'loss') =>
    chooseBest(summary === undefined ? {} : { loss: summary }, { metric, direction })['loss']?.best;
  expect(bestBy('minimize')).toEqual({ step: 1, value: 1 });
  expect(bestBy('maximize')).toEqual({ step: 2, value: 5 });
  expect(bestBy('maximize', 'toString')).toBeNull();
  expect(toHistory(points)).toEqual({ steps: [1, 2, 3, 3, 3], values: [1, 5, 1, NaN, 2], timestamps: [0, 0, 0, 9, 9] });
});

test('MLmodel', () => {
  const text = formatMlmodel({
    runId: 'd3b07384d113edec49eaa6238ad5ff00',
    modelId: 'abcdefabcdefabcdefabcdefabcdefab',
    createdTime: Date.UTC(2026, 10, 21, 20),
    sizeBytes: 123,
    signature: {
      inputs: [{ name: '', dtype: 'float32', shape: [-1, 28, 28, 1] }],
      outputs: [{ name: '', dtype: 'float32', shape: [-1, 10] }],
    },
    flavors: tfjsFlavors('4.22.0'),
    engineVersion: '0.1.0',
  });
  expect(text).toBe(`artifact_path: model
flavors:
  tfjs:
    data: model.json
    format: layers-model
    tfjs_version: '4.22.0'
metadata:
  mlops_workflow_version: '0.1.0'
model_size_bytes: 123
model_uuid: abcdefabcdefabcdefabcdefabcdefab
run_id: d3b07384d113edec49eaa6238ad5ff00
signature:
  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 28, 28, 1]}}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 10]}}]'
  params: null
utc_time_created: '2026-11-21 20:00:00.000000'
`);
});

test('MLmodel of a SavedModel, which no run is known of', () => {
  const text = formatMlmodel({
    runId: null,
    modelId: 'abcdefabcdefabcdefabcdefabcdefab',
    createdTime: Date.UTC(2026, 10, 21, 20),
    sizeBytes: 123,
    signature: {
      inputs: [{ name: 'x', dtype: 'int32', shape: [-1, 3] }],
      outputs: [
        { name: 'y', dtype: 'float32', shape: [-1] },
        { name: 'z', dtype: 'bool', shape: [] },
      ],
    },
    flavors: savedModelFlavors('serving_default'),
    engineVersion: '0.1.0',
  });
  expect(text).toBe(`artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.tensorflow
  tensorflow:
    code: null
    meta_graph_tags: ["serve"]
    model_type: tf1-estimator
    saved_model_dir: '.'
    signature_def_key: serving_default
metadata:
  mlops_workflow_version: '0.1.0'
model_size_bytes: 123
model_uuid: abcdefabcdefabcdefabcdefabcdefab
signature:
  inputs: '[{"name": "x", "type": "tensor", "tensor-spec": {"dtype": "int32", "shape": [-1, 3]}}]'
  outputs: '[{"name": "y", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1]}}, {"name": "z", "type": "tensor", "tensor-spec": {"dtype": "bool", "shape": []}}]'
  params: null
utc_time_created: '2026-11-21 20:00:00.000000'
`);
});

const run = (runId: string, name: string, startTime: number, more: Partial<RunSummary> = {}): RunSummary => ({
  runId,
  name,
  experiment: 'e',
  status: 'FINISHED',
  startTime,
  endTime: null,
  parentRunId: null,
  params: {},
  tags: {},
  metrics: {},
  lost: false,
  artifacts: null,
  ...more,
});
const metric = (value: number) => {
  const point = { value, step: 1 };
  return { points: 1, last: point, min: point, max: point, best: null };
};

test('a run is found by id, name, unique prefix, @last and @best', () => {
  const runs = [
    run('aa11', 'warm-fox', 1, { metrics: { f1: metric(0.9) } }),
    run('aa22', 'cool-owl', 3, { metrics: { f1: metric(0.7) } }),
    run('bb33', 'cool-owl', 2, { status: 'FAILED', metrics: { f1: metric(1) } }),
  ];
  const objective = { metric: 'f1', direction: 'maximize' } as const;
  const find = (text: string) => selectRun(runs, text, () => objective).runId;
  expect(find('aa11')).toBe('aa11');
  expect(find('b')).toBe('bb33');
  expect(find('warm-fox')).toBe('aa11');
  expect(find('@last')).toBe('aa22');
  expect(find('@best')).toBe('aa11');
  expect(() => find('aa')).toThrow('"aa" fits 2 runs: aa11 (warm-fox), aa22 (cool-owl). Give more of the id.');
  expect(() => find('cool-owl')).toThrow('fits 2 runs');
  expect(() => find('warm-fix')).toThrow('There is no run "warm-fix". Did you mean "warm-fox"');
  expect(() => selectRun(runs, '@best', () => null)).toThrow('@best');
  expect(() => selectRun([], '@last', () => null)).toThrow('no run yet');
});

test('runs are ordered by anything they have, those without it last', () => {
  const runs = [
    run('a', 'x', 1, { metrics: { loss: metric(0.5) }, params: { 'training.n': '10' } }),
    run('b', 'y', 2, { params: { 'training.n': '9' } }),
    run('c', 'z', 3, { metrics: { loss: metric(0.1) } }),
  ];
  const order = (key?: string) =>
    orderRuns(runs, key)
      .map(({ runId }) => runId)
      .join('');
  expect(order()).toBe('cba');
  expect(order('startTime')).toBe('abc');
  expect(order('loss')).toBe('cab');
  expect(order('-loss')).toBe('acb');
  expect(order('metrics.loss desc')).toBe('acb');
  expect(order('training.n')).toBe('bac');
  expect(() => order('los')).toThrow('Did you mean "loss"');
});

test('names of runs are stable', () => {
  expect(nameRun('d3b07384d113edec49eaa6238ad5ff00')).toBe(nameRun('d3b07384d113edec49eaa6238ad5ff00'));
  expect(nameRun('00000000000000000000000000000000')).toMatch(/^[a-z]+-[a-z]+$/);
});

test('names that MLflow would refuse', () => {
  for (const name of ['a', 'val/acc', 'größe', 'a.b-c_d e:f']) expect(() => checkName('metric', name)).not.toThrow();
  for (const name of ['', '/a', 'a//b', '../a', 'a/./b', 'a\nb', 'a%b', 'x'.repeat(251), 'a/'])
    expect(() => checkName('metric', name)).toThrow('is no name for a metric');
});
