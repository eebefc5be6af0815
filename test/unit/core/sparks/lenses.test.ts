import { describe, expect, it } from 'vitest';
import { collectTried, toConfigLensTitles, toConfigLenses } from '../../../../src/core/sparks/sparks.ts';
import { lowerIsBetter, t, toRun } from './runs.ts';

const file = 'configs/net.yaml';
const config = `# a net
model:
  num_units: 16 # more is slower
  activation_function: relu
training: { batch_size: 32, num_epochs: 5, loss_function: mae,
  learning_rate: 0.01, seed: 1 }
hyperparameter_tuning:
  num_units: [16, 64]
  learning_rate: [0.1, 0.01, 0.001]
`;
const rows: readonly (readonly [number, string, string])[] = [
  [0.9, '0.1', '16'],
  [0.2, '0.01', '16'],
  [0.6, '0.001', '64'],
];
const runs = rows.map(([value, rate, units], index) =>
  toRun(`run${index}`, value, {
    ...{ 'training.learning_rate': rate, 'model.num_units': units },
    ...{ 'training.batch_size': '32', 'training.seed': String(index) },
  }),
);

interface Given {
  readonly text?: string;
  readonly runs?: typeof runs;
  readonly trusted?: boolean;
  readonly hasTuningCode?: boolean;
}

function draw({ text = config, runs: known = runs, trusted = true, hasTuningCode = false }: Given): readonly string[] {
  const tried = collectTried(known, file, lowerIsBetter);
  const surroundings = { project: '/p', file, model: 'net', trusted, t };
  return toConfigLenses({ file, text }, { tried, hasTuningCode }).map(
    (lens) =>
      `${lens.line}: ${toConfigLensTitles(lens, surroundings)
        .map(({ title }) => title)
        .join(' | ')}`,
  );
}

const units = 'best 16 (val_loss 0.2000) | 16 ▁█ 64 in 3 runs, lower is better';
const rate = 'best 0.01 (val_loss 0.2000) | 0.001 ▅▁█ 0.1 in 3 runs, lower is better';
// 5 epochs × 6 trials × 2 s.
const tuning = '6 trials (grid) · about 1 min, by 3 runs';

describe('what stands above the lines of a config', () => {
  const check = (name: string, given: Given, lines: readonly string[]): void =>
    it(name, () => expect(draw(given)).toEqual(lines));

  check('hyperparameters of which several values were tried, and the search', {}, [
    `3: ${units} | Add to Grid …`,
    `6: ${rate} | Add to Grid …`,
    `7: ${tuning} | Run Sweep …`,
  ]);
  check('in Restricted Mode nothing that changes or runs something', { trusted: false }, [
    `3: ${units}`,
    `6: ${rate}`,
    `7: ${tuning}`,
  ]);
  check('without runs nothing is said of the time', { runs: [] }, ['7: 6 trials (grid) | Run Sweep …']);
  check('by one run', { runs: runs.slice(0, 1) }, ['7: 6 trials (grid) · about 1 min, by 1 run | Run Sweep …']);
  check('a model with code of its own', { runs: [], hasTuningCode: true }, [
    '7: 6 trials (grid) by the config | Run Sweep …',
  ]);
  check('a text in the making keeps its lines', { text: config.replace('[16, 64]', '[16, 6'), runs }, [
    `3: ${units} | Add to Grid …`,
    `6: ${rate} | Add to Grid …`,
    '7: Run Sweep …',
  ]);
  check(
    'another strategy',
    { runs: [], text: config.replace('num_units: [16, 64]', 'strategy: random\n  trials: 4') },
    ['7: 3 trials (random) | Run Sweep …'],
  );
  check('a search without anything to try', { runs: [], text: 'hyperparameter_tuning:\n' }, ['1: Run Sweep …']);
  check(
    'a grid without end',
    {
      runs: [],
      text: config.replace('[16, 64]', '{ min: 1, max: 50000, type: int, steps: 50000 }'),
    },
    ['7: The grid has 150000 combinations. Give --trials for the first so many, or another --strategy. | Run Sweep …'],
  );
  check('no config at all', { text: '- a\n- b\n' }, []);
  check('an empty text', { text: '' }, []);
});

it('words are drawn best first, the rest is counted', () => {
  const words = ['relu', 'tanh', 'elu', 'gelu', 'swish'].map((word, index) =>
    toRun(word, index + 1, { 'model.activation_function': word }),
  );
  const [line] = draw({ runs: words });
  expect(line).toBe(
    '4: best relu (val_loss 1.000) | relu ▁ tanh ▃ elu ▅ gelu ▇ 1 more in 5 runs, lower is better | Add to Grid …',
  );
});

it('titles lead to the best run, to the hyperparameter, to the sweep', () => {
  const tried = collectTried(runs, file, lowerIsBetter);
  const surroundings = { project: '/p', file, model: 'net', trusted: true, t };
  const titles = toConfigLenses({ file, text: config }, { tried, hasTuningCode: false }).flatMap((lens) =>
    toConfigLensTitles(lens, surroundings),
  );
  expect(titles.flatMap(({ command, target }) => (command === undefined ? [] : [[command, target]])).slice(2)).toEqual([
    ['mlops.showRunChart', { kind: 'run', project: '/p', runId: 'run1' }],
    ['mlops.addToGrid', { kind: 'hyperparameter', project: '/p', model: 'net', file, key: 'training.learning_rate' }],
    ['mlops.sweep', { kind: 'config', project: '/p', model: 'net', file }],
  ]);
});
