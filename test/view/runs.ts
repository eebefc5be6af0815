import type { AnswerFacts, CalibrationFacts, CurvePoint } from '../../src/protocol/answers.ts';
import type { RunFacts, RunSnapshot, SeriesPoints, SweepFacts, TrialFacts } from '../../src/protocol/charts.ts';

/** Invented runs for tests of pages: same numbers each time. */
function createNoise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
}

export function seriesOf(name: string, values: readonly number[], firstStep = 1): SeriesPoints {
  return {
    name,
    from: 0,
    steps: Float64Array.from(values, (_, i) => firstStep + i),
    values: Float64Array.from(values),
  };
}

const decay = (
  epochs: number,
  { to, speed, noise, seed }: { to: number; speed: number; noise: number; seed: number },
): number[] => {
  const random = createNoise(seed);
  return Array.from({ length: epochs }, (_, epoch) => {
    const rest = Math.exp((-speed * epoch) / 4);
    const late = epoch > 16 ? (epoch - 16) * to * 0.06 : 0;
    return to + (2.1 - to) * rest + noise * (random() - 0.5) * (0.3 + rest) + late;
  });
};

const rise = (losses: readonly number[], ceiling: number): number[] =>
  losses.map((loss) => ceiling - 0.42 * Math.min(1, loss / 2.2));

export const facts: RunFacts = {
  runId: '4f0c7a52e8d24b5f9b1f0a4cfe1d2b3c',
  name: 'warm-fox',
  model: 'cnnbased',
  experiment: 'cnnBased',
  status: 'RUNNING',
  lost: false,
  paused: false,
  reason: null,
  startTime: 1_780_000_000_000,
  endTime: null,
  epochs: 24,
  examplesPerSecond: 812,
  objective: { metric: 'val_loss', direction: 'minimize' },
  params: [
    ['training.batch_size', '128'],
    ['training.num_epochs', '24'],
    ['training.loss_function', 'categoricalCrossentropy'],
    ['training.optimizer', 'adam'],
    ['training.learning_rate', '0.001'],
    ['model.name', 'cnnbased'],
    ['model.dropout', '0.5'],
    ['data.dataset_path', 'data/processed/'],
  ],
  details: [
    ['backend', 'wasm'],
    ['threads', '2'],
    ['seed', '7'],
    ['stage', 'train@cnnbased'],
    ['branch', 'feature/wider-net'],
    ['commit', 'e0b252c1f3'],
  ],
  parent: null,
  sweep: null,
  answers: null,
};

export const ended: RunFacts = { ...facts, status: 'FINISHED', endTime: facts.startTime + 41_000 };

export function snapshotOf(epochs: number, run: RunFacts = facts): RunSnapshot {
  const random = createNoise(5);
  const valLoss = decay(epochs, { to: 0.081, speed: 1.2, noise: 0.05, seed: 7 });
  const loss = decay(epochs, { to: 0.042, speed: 1.5, noise: 0.02, seed: 9 });
  const batches = Array.from(
    { length: epochs * 12 },
    (_, i) => 0.05 + 2 * Math.exp(-i / 40) + 0.25 * random() * (0.3 + Math.exp(-i / 60)),
  );
  const series = [
    seriesOf('val_loss', valLoss),
    seriesOf('training_loss', loss),
    seriesOf('val_accuracy', rise(valLoss, 0.992)),
    seriesOf('training_accuracy', rise(loss, 0.998)),
    seriesOf(
      'learning_rate',
      valLoss.map((_, epoch) => (epoch < 14 ? 0.001 : 0.0002)),
    ),
    { ...seriesOf('batch_loss', batches), steps: Float64Array.from(batches, (_, i) => 1 + i * 6) },
  ];
  const events =
    epochs < 15
      ? []
      : [{ time: run.startTime + 20_000, step: 15, kind: 'steering', text: 'learning rate 0.001 → 0.0002' }];
  return { run, series, events };
}

/** What is measured once, after training. */
export const testMetrics: readonly SeriesPoints[] = [
  seriesOf('test_loss', [0.0912], 24),
  seriesOf('test_accuracy', [0.9812], 24),
  seriesOf('test_precision', [0.9809], 24),
  seriesOf('test_recall', [0.9806], 24),
  seriesOf('test_f1', [0.9807], 24),
];

const names = ['warm-fox', 'calm-bee', 'shy-otter', 'deep-wren', 'odd-elk', 'old-cat', 'quick-owl', 'brave-mole'];

/** The first `count` trials of a sweep of 24, of which the last one goes on and the third has failed. */
export function sweepOf(count: number, planned = 24): RunFacts {
  const random = createNoise(3);
  const isLive = count < planned;
  const trials = Array.from({ length: count }, (_, number): TrialFacts => {
    const value = 0.08 + (0.1 + 0.5 / (1 + number)) * random();
    const common = {
      runId: `trial${number}`,
      name: names[number % names.length] ?? '',
      number,
      lost: false,
      paused: false,
    };
    const values = [
      String([16, 64, 224][number % 3]),
      number % 2 === 0 ? 'relu' : 'sigmoid',
      String(128 * (1 + (number % 2))),
    ];
    if (isLive && number === count - 1)
      return { ...common, status: 'RUNNING', reason: null, value, epoch: 3, seconds: null, values };
    if (number === 2)
      return {
        ...common,
        status: 'FAILED',
        reason: 'NaN loss at epoch 2',
        value: null,
        epoch: 1,
        seconds: 2.5,
        values,
      };
    return { ...common, status: 'FINISHED', reason: null, value, epoch: 5, seconds: 4 + 8 * random(), values };
  });
  const ended = trials.filter(({ status }) => status !== 'RUNNING');
  const finished = ended.filter(({ value }) => value !== null);
  const best = finished.toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0))[0]?.runId ?? null;
  const sweep: SweepFacts = {
    objective: { metric: 'val_loss', direction: 'minimize' },
    planned,
    done: ended.length,
    keys: ['model.num_units', 'model.activation_function', 'training.batch_size'],
    trials,
    best,
  };
  return {
    ...facts,
    ...{ runId: 'sweep', name: 'sweep 20261126', epochs: null, examplesPerSecond: null, sweep },
    ...(isLive ? {} : { status: 'FINISHED', endTime: facts.startTime + 192_000 }),
    params: [
      ['sweep.strategy', 'grid'],
      ['sweep.trials', String(planned)],
      ['sweep.objective', 'minimize val_loss'],
    ],
  };
}

/** The run of a sweep with its own curve: the best value so far, by trials that have ended. */
export function sweepSnapshot(run: RunFacts): RunSnapshot {
  let best = Infinity;
  const values = (run.sweep?.trials ?? [])
    .filter(({ status }) => status !== 'RUNNING')
    .map(({ value }) => (best = Math.min(best, value ?? Infinity)));
  return { run, series: values.length === 0 ? [] : [seriesOf('val_loss', values)], events: [] };
}

const digits = Array.from({ length: 10 }, (_, digit) => String(digit));

/** A model that reads digits well, but some 4 as 9. */
export const digitAnswers: AnswerFacts = {
  split: 'test',
  classes: digits,
  counts: digits.flatMap((_, row) =>
    digits.map((__, column) =>
      row === column ? 93 + row : row === 4 && column === 9 ? 5 : row === 7 && column === 2 ? 1 : 0,
    ),
  ),
  curves: digits.map((_, digit) => curveOf(digit)),
  calibration: calibrationOf(0.06),
};

/** Fewer and fewer examples lie above a threshold as it grows; digit 3 has no examples of its own. */
function curveOf(digit: number): AnswerFacts['curves'][number] {
  const isEmpty = digit === 3;
  const [positives, negatives] = [isEmpty ? 0 : 93 + digit, 900];
  const points = Array.from({ length: 41 }, (_, i): CurvePoint => {
    const hits = Math.round(positives * Math.min(1, 1 - (1 - i / 40) ** (14 - digit)));
    const alarms = Math.round(negatives * (i / 40) ** (7 - digit / 3));
    return [1 - i / 40, hits, alarms];
  });
  const area = isEmpty ? null : 0.999 - digit / 100;
  return {
    ...{ positives, negatives, area, points, averagePrecision: area === null ? null : area - 0.02 },
    calibration: calibrationOf(digit / 80),
  };
}

/** As sure as it says, but for `off`. */
function calibrationOf(off: number): CalibrationFacts {
  const bins = Array.from({ length: 10 }, (_, i) => {
    const mean = (i + 0.5) / 10;
    const observed = Math.max(0, mean - off * Math.sin(Math.PI * mean));
    return i === 2 ? ([0, 0, 0] as const) : ([10 + i * i * 8, mean, observed] as const);
  });
  return { bins, error: off * 0.6 };
}
