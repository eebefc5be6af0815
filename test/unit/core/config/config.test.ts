import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { flattenParams, parseConfig, parseProjectSettings } from '../../../../src/core/config/config.ts';
import { formatProblem } from '../../../../src/protocol/problem.ts';

const good = `data: { dataset_path: data/processed/ }
model: { name: singleoutput, num_units: 224 }
training:
  batch_size: 128
  num_epochs: 200
  loss_function: mae
  metric: mse
mlflow: { mlruns_path: 'file:models/mlruns', experiment_name: singleOutput }
hyperparameter_tuning: { num_units: [16, 64], batch_size: [128] }
`;

/** The problems of `good` with one text replaced by another, or with overrides. */
function check(from: string, to: string, ...expected: string[]): void {
  const text = good.replace(from, to);
  expect(text === good && from !== '').toBe(false);
  const { value, problems } = parseConfig(text, 'configs/a.yaml');
  expect(problems.map(formatProblem)).toEqual(expected);
  expect(value === undefined).toBe(expected.some((problem) => problem.includes(': error: ')));
}

describe('parseConfig', () => {
  test('fills every default in and keeps the keys of the user', () => {
    const { value, problems } = parseConfig(good, 'configs/a.yaml');
    expect(problems).toEqual([]);
    expect(value).toEqual({
      data: { dataset_path: 'data/processed/' },
      model: { name: 'singleoutput', num_units: 224 },
      training: {
        batch_size: 128,
        num_epochs: 200,
        loss_function: 'mae',
        metric: 'mse',
        optimizer: 'adam',
        learning_rate: 0.001,
        metrics: null,
        learning_rate_schedule: null,
        weight_decay: null,
        gradient_clipping: null,
        ema: null,
        class_weights: null,
        augmentation: null,
        seed: 42,
        early_stopping: null,
        checkpoint: null,
        backend: 'auto',
        threads: null,
        compile: null,
      },
      mlflow: { mlruns_path: 'file:models/mlruns', experiment_name: 'singleOutput' },
      hyperparameter_tuning: { num_units: [16, 64], batch_size: [128], strategy: 'grid' },
      objective: null,
    });
  });

  test('a config without optional sections is named after its file', () => {
    const text = 'training: {batch_size: 1, num_epochs: 1, loss_function: mse}';
    const { value, problems } = parseConfig(text, '/x/cnn.based.yaml');
    expect(problems).toEqual([]);
    expect(value?.model.name).toBe('cnn.based');
    expect(value?.mlflow.experiment_name).toBe('cnn.based');
    expect(value?.data.dataset_path).toBe('data/processed/');
  });

  test('mistakes have their place', () => {
    check(
      'batch_size: 128',
      'batch_size: many',
      'configs/a.yaml:4:15: error: training.batch_size must be a whole number of at least 1, not the text "many".',
    );
    check(
      'num_epochs: 200',
      'num_epochs: 0',
      'configs/a.yaml:5:15: error: training.num_epochs must be a whole number of at least 1, not the number 0.',
    );
    for (const [value, name] of [
      ['.nan', 'NaN'],
      ['-.inf', '-Infinity'],
    ] as const)
      check(
        'batch_size: 128',
        `batch_size: ${value}`,
        `configs/a.yaml:4:15: error: training.batch_size must be a whole number of at least 1, not the number ${name}.`,
      );
    check(
      'metric: mse',
      'threads: 99',
      'configs/a.yaml:7:12: error: training.threads must be a whole number from 1 to 64, not the number 99.',
    );
    check('  loss_function: mae\n', '', 'configs/a.yaml:4:3: error: training.loss_function is missing: a text.');
    check('metric: mse', 'metric: [mse]', 'configs/a.yaml:7:11: error: training.metric must be a text, not a list.');
    check(
      'metric: mse',
      'learnin_rate: 1',
      'configs/a.yaml:7:3: warning: Unknown key training.learnin_rate. Did you mean "learning_rate"?',
    );
    check('mlflow:', 'mlfow:', 'configs/a.yaml:8:1: warning: Unknown key mlfow. Did you mean "mlflow"?');
    check(
      '[16, 64]',
      '16',
      'configs/a.yaml:9:37: error: hyperparameter_tuning.num_units must be a list of the values to try, or a range as { min: 0.001, max: 0.1, scale: log }, not the number 16.',
    );
    check(
      '{ num_units: [',
      '{ num_unit: [',
      'configs/a.yaml:9:26: warning: Unknown key hyperparameter_tuning.num_unit. Did you mean "num_units"?',
    );
    check(
      'metric: mse',
      'backend: gpu',
      'configs/a.yaml:7:12: error: training.backend must be one of auto, tfjs-node-gpu, tfjs-node, webgpu, wasm, cpu, not the text "gpu".',
    );
    check(
      'metric: mse',
      'early_stopping: {patience: 0, foo: 1}',
      'configs/a.yaml:7:33: warning: Unknown key training.early_stopping.foo.',
      'configs/a.yaml:7:30: error: training.early_stopping.patience must be a whole number of at least 1, not the number 0.',
    );
    check(
      'data: { dataset_path: data/processed/ }',
      'data: [1]',
      'configs/a.yaml:1:7: error: data must be a mapping of keys, not a list.',
    );
    check('metric: mse', 'metric: mse\n  metric: mse', 'configs/a.yaml:8:3: error: Map keys must be unique');
    check(
      good,
      '',
      'configs/a.yaml:1:1: error: The file is empty: a config has the sections data, model, training, mlflow, hyperparameter_tuning, objective.',
    );
    check(
      good,
      '- 1',
      'configs/a.yaml:1:1: error: The file is not a mapping: a config has the sections data, model, training, mlflow, hyperparameter_tuning, objective.',
    );
  });

  test('how a training goes has its defaults, and its mistakes their place', () => {
    const trainingOf = (line: string) =>
      parseConfig(good.replace('metric: mse', line), 'configs/a.yaml').value?.training;
    expect(trainingOf('checkpoint: {every: 2}')?.checkpoint).toEqual({ every: 2, keep: 2, best: null });
    expect(trainingOf('ema: {}')?.ema).toEqual({ decay: 0.999 });
    expect(trainingOf('metric: mse')?.augmentation).toBeNull();
    expect(trainingOf('augmentation: {flip: both, rotation: 10}')?.augmentation).toEqual({
      ...{ flip: 'both', rotation: 10 },
      ...{ shift: null, zoom: null, brightness: null, noise: null },
    });
    expect(trainingOf('gradient_clipping: {norm: 1}')?.gradient_clipping).toEqual({ norm: 1, value: null });
    expect(trainingOf('class_weights: {0: 1, 7: 2.5}')?.class_weights).toEqual({ 0: 1, 7: 2.5 });
    // A schedule has the keys of its type only, so a run has no params without a meaning.
    expect(trainingOf('learning_rate_schedule: {type: cosine}')?.learning_rate_schedule).toEqual({
      ...{ type: 'cosine', warmup_epochs: 0, min_rate: 0 },
    });
    expect(trainingOf('learning_rate_schedule: {type: plateau, patience: 3}')?.learning_rate_schedule).toEqual({
      ...{
        type: 'plateau',
        warmup_epochs: 0,
        monitor: 'val_loss',
        patience: 3,
        min_delta: 0,
        factor: 0.5,
        min_rate: 0,
      },
    });
    expect(trainingOf('metrics: [F1, top_5, auc, MAE]')?.metrics).toEqual(['F1', 'top_5', 'auc', 'MAE']);

    check(
      'metric: mse',
      'learning_rate_schedule: {type: cosin}',
      'configs/a.yaml:7:34: error: training.learning_rate_schedule.type must be one of step, exponential, cosine, plateau, not the text "cosin".',
    );
    check(
      'metric: mse',
      'learning_rate_schedule: {warmup_epochs: 1}',
      'configs/a.yaml:7:27: error: training.learning_rate_schedule.type is missing: one of step, exponential, cosine, plateau.',
    );
    check(
      'metric: mse',
      'learning_rate_schedule: {type: cosine, evry: 3}',
      'configs/a.yaml:7:42: warning: Unknown key training.learning_rate_schedule.evry.',
    );
    check(
      'metric: mse',
      'gradient_clipping: {norm: 0}',
      'configs/a.yaml:7:29: error: training.gradient_clipping.norm must be a number greater than 0, not the number 0.',
    );
    check(
      'metric: mse',
      'ema: {decay: 1}',
      'configs/a.yaml:7:16: error: training.ema.decay must be a number between 0 and 1, not the number 1.',
    );
    check(
      'metric: mse',
      'augmentation: {flip: sideways}',
      'configs/a.yaml:7:24: error: training.augmentation.flip must be one of horizontal, vertical, both, not the text "sideways".',
    );
    check(
      'metric: mse',
      'augmentation: {rotation: 200, shift: 1}',
      'configs/a.yaml:7:40: error: training.augmentation.shift must be a number from 0 to less than 1, not the number 1.',
      'configs/a.yaml:7:28: error: training.augmentation.rotation must be a number of degrees from 0 to 180, not the number 200.',
    );
    check(
      'metric: mse',
      'augmentation: {rotaton: 10}',
      'configs/a.yaml:7:18: warning: Unknown key training.augmentation.rotaton. Did you mean "rotation"?',
    );
    check(
      'metric: mse',
      'augmentation: true',
      'configs/a.yaml:7:17: error: training.augmentation must be a mapping of flip, shift, rotation, zoom, brightness, noise, not the boolean true.',
    );
    check(
      'metric: mse',
      'class_weights: balance',
      'configs/a.yaml:7:18: error: training.class_weights must be balanced, or a mapping from the number of a class to its weight, as {0: 1, 1: 2.5}, not the text "balance".',
    );
    check(
      'metric: mse',
      'class_weights: {cat: 1}',
      'configs/a.yaml:7:18: error: training.class_weights must be balanced, or a mapping from the number of a class to its weight, as {0: 1, 1: 2.5}, not a mapping.',
    );
    check(
      'metric: mse',
      'metrics: [accuracy, presicion]',
      'configs/a.yaml:7:23: error: There is no metric "presicion". Did you mean precision?',
    );
    check('metric: mse', 'metrics: [f1, 3]', 'configs/a.yaml:7:17: error: The name of a metric must be a text.');
  });

  test('what a training is told of a schedule becomes params', () => {
    const text = good.replace('metric: mse', 'learning_rate_schedule: {type: step}\n  metrics: [f1]');
    const { value } = parseConfig(text, 'configs/a.yaml');
    expect(flattenParams(value!)).toMatchObject({
      'training.learning_rate_schedule.type': 'step',
      'training.learning_rate_schedule.every': '10',
      'training.metrics': '["f1"]',
    });
  });

  test('free keys of data and model are no problem, whatever they are', () => {
    check('num_units: 224', 'num_units: 224, layers: [{type: dense, units: 3}], __proto__: {x: 1}');
  });

  test('keys that can not be params have their place', () => {
    check(
      'num_units: 224',
      'num_units: 224, learning%: 1',
      'configs/a.yaml:2:46: error: "model.learning%" is no name for a param: letters, digits, _ - . / : and spaces, at most 250 characters, no empty part between slashes.',
    );
    check(
      'num_units: 224',
      'num_units: 224, a: 1, a/b: 2',
      `configs/a.yaml:2:52: error: model.a/b can't be kept as a param beside model.a: a name before a slash is a folder.`,
    );
    check(
      'num_units: 224',
      'num_units: 224, a.b: 1, a: {b: 2}',
      'configs/a.yaml:2:58: error: There is another key that gives the param model.a.b.',
    );
    check('num_units: 224', 'num_units: 224, a/b: 1, a/c: 2, a: null, d: [{e%: 1}]');
  });

  test('names that only the own code of a model could compile are warned of, with the nearest', () => {
    const unless = "The training fails unless the model's own code knows it.";
    check(
      'loss_function: mae',
      'loss_function: meanAbsoluteEror',
      `configs/a.yaml:6:18: warning: There is no loss function "meanAbsoluteEror". Did you mean meanabsoluteerror? ${unless}`,
    );
    check(
      'metric: mse',
      'metric: acuracy',
      `configs/a.yaml:7:11: warning: There is no metric "acuracy". Did you mean accuracy? ${unless}`,
    );
    check(
      'metric: mse',
      'optimizer: adagrat',
      `configs/a.yaml:7:14: warning: There is no optimizer "adagrat". Did you mean adagrad or adamax? ${unless}`,
    );
    check('loss_function: mae', 'loss_function: Categorical-Cross_entropy');
    check('loss_function: mae', 'loss_function: crossentropy');
  });

  test('keys of the model that mean one thing everywhere are checked, one by one or as a list', () => {
    const model = (key: string, value: string, mistake: string, column: number): void =>
      check('num_units: 224', `num_units: 224, ${key}: ${value}`, `configs/a.yaml:2:${column}: ${mistake}`);
    const rate = 'a number from 0 to less than 1, or a list of such';
    model('dropout_rate', '1.5', `error: model.dropout_rate must be ${rate}, not the number 1.5.`, 60);
    model('dropout_rate', '[0.5, -0.1]', 'error: Each must be a number from 0 to less than 1.', 66);
    const count = 'a whole number of at least 1, or a list of such';
    model('filters', '[32, -64]', 'error: Each must be a whole number of at least 1.', 60);
    model('filters', '[]', `error: model.filters must be ${count}, not a list.`, 55);
    check(
      'num_units: 224',
      'num_units: many',
      `configs/a.yaml:2:41: error: model.num_units must be ${count}, not the text "many".`,
    );
    model('num_layers', '-1', 'error: model.num_layers must be a whole number of at least 0, not the number -1.', 58);
    const kernel = 'a whole number from 1 to 64, or a list of such';
    model('kernel_size', '99', `error: model.kernel_size must be ${kernel}, not the number 99.`, 59);
    const name = 'the name of an activation, as relu, or a list of such';
    const refused = (text: string): string =>
      `error: model.activation_function must be ${name}, not the text "${text}".`;
    model('activation_function', '__proto__', refused('__proto__'), 67);
    model('activation_function', 'constructor', refused('constructor'), 67);
    model(
      'activation_function',
      'rellu',
      `warning: There is no activation "rellu". Did you mean relu or elu or gelu? The training fails unless the model's own code knows it.`,
      67,
    );
    check(
      'num_units: 224',
      'num_units: [3], num_layers: 0, filters: [8, 16], kernel_size: [3, 5], dropout_rate: 0, activation_function: hardSigmoid',
    );
  });

  test('values that are to be tried are checked like those that are set', () => {
    const tune = (given: string, ...expected: string[]): void =>
      check('{ num_units: [16, 64], batch_size: [128] }', given, ...expected);
    tune(
      '{ num_units: [16, -64], batch_size: [128, 0.5] }',
      'configs/a.yaml:9:42: error: hyperparameter_tuning.num_units must have values that are a whole number of at least 1, or a list of such, not the number -64.',
      'configs/a.yaml:9:66: error: hyperparameter_tuning.batch_size must have values that are a whole number of at least 1, not the number 0.5.',
    );
    tune(
      '{ learning_rate: { min: 0, max: 1 } }',
      'configs/a.yaml:9:48: error: hyperparameter_tuning.learning_rate must have values that are a number greater than 0, not the number 0.',
    );
    tune(
      '{ optimizer: [adam, adm] }',
      `configs/a.yaml:9:44: warning: There is no optimizer "adm". Did you mean adam or adamw? The training fails unless the model's own code knows it.`,
    );
    tune(
      '{ num_units: [[16, 32], [64, 0]] }',
      'configs/a.yaml:9:53: error: Each must be a whole number of at least 1.',
    );
    tune('{ learning_rate_schedule: [null, { type: cosine }], name: [a, b] }');
  });

  test('an objective without direction follows its name', () => {
    const objective = (yaml: string) => parseConfig(`${good}objective: ${yaml}\n`, 'a.yaml').value?.objective;
    expect(objective('{metric: val_accuracy}')).toEqual({ metric: 'val_accuracy', direction: 'maximize' });
    expect(objective('{metric: val_mae}')).toEqual({ metric: 'val_mae', direction: 'minimize' });
    expect(objective('{metric: val_mae, direction: max}')).toEqual({ metric: 'val_mae', direction: 'maximize' });
    expect(parseConfig(`${good}objective: {direction: up}\n`, 'a.yaml').problems.map(formatProblem)).toEqual([
      'a.yaml:10:12: error: objective.metric is missing: a text.',
      'a.yaml:10:24: error: objective.direction must be one of minimize, maximize, min, max, not the text "up".',
    ]);
  });

  test('overrides are typed and their mistakes point at the argument', () => {
    const parse = (...overrides: string[]) => parseConfig(good, 'a.yaml', overrides);
    const { value } = parse(
      'training.num_epochs=5',
      'model.layers=[1, 2]',
      'training.early_stopping.patience=3',
      'model.on=true',
    );
    expect(value?.training.num_epochs).toBe(5);
    expect(value?.training.early_stopping).toEqual({
      ...{ monitor: 'val_loss', patience: 3, min_delta: 0, restore_best: false },
    });
    expect(value?.model).toEqual({ name: 'singleoutput', num_units: 224, layers: [1, 2], on: true });
    const problemsOf = (text: string) => parse(text).problems.map(formatProblem);
    expect(problemsOf('training.num_epochs=a')).toEqual([
      '--set training.num_epochs=a:1:21: error: training.num_epochs must be a whole number of at least 1, not the text "a".',
    ]);
    expect(problemsOf('trainig.num_epochs=1')[0]).toContain('Did you mean "training"?');
    expect(problemsOf('training.epochs=1')[0]).toContain('warning: Unknown key training.epochs.');
    expect(problemsOf('num_epochs=1')[0]).toContain('--set takes section.key=value');
    expect(problemsOf('training.num_epochs')[0]).toContain('--set takes section.key=value');
    expect(problemsOf('model.name.first=1')[0]).toContain('model.name is not a mapping');
    expect(problemsOf('model.__proto__.polluted=1')).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('the configs of the templates are without any problem', () => {
    const root = path.resolve(import.meta.dirname, '../../../../templates');
    for (const file of [
      'mnist/configs/cnnbased.yaml',
      'mnist/configs/singleoutput.yaml',
      'blank/configs/baseline.yaml',
    ])
      expect(parseConfig(readFileSync(path.join(root, file), 'utf8'), file).problems).toEqual([]);
  });
});

test('params are the three sections with dotted names, values as text, nothing for what is not set', () => {
  const text = good.replace(
    'num_units: 224',
    'rate: 0.5, on: false, list: [1, "a"], none: null, deep: {a: x}, clip: .inf, low: -.inf, odd: .nan, odds: [.nan, {a: -.inf, b: .inf}]',
  );
  const config = parseConfig(text, 'a.yaml').value!;
  expect(config.model['clip']).toBe(Infinity);
  expect(flattenParams(config)).toEqual({
    'data.dataset_path': 'data/processed/',
    'model.name': 'singleoutput',
    'model.rate': '0.5',
    'model.on': 'false',
    'model.list': '[1,"a"]',
    'model.deep.a': 'x',
    'model.clip': 'inf',
    'model.low': '-inf',
    'model.odd': 'nan',
    'model.odds': '[NaN,{"a":-Infinity,"b":Infinity}]',
    'training.batch_size': '128',
    'training.num_epochs': '200',
    'training.loss_function': 'mae',
    'training.metric': 'mse',
    'training.optimizer': 'adam',
    'training.learning_rate': '0.001',
    'training.seed': '42',
    'training.backend': 'auto',
  });
});

test('settings of a project', () => {
  const parse = (text: string) => parseProjectSettings(text, '.mlops/project.yaml');
  expect(parse('stores: [file:x, file:y]\nobjective: {metric: f1}\nmore: 1').value).toEqual({
    stores: ['file:x', 'file:y'],
    trackingUri: 'file:x',
    objective: { metric: 'f1', direction: 'maximize' },
  });
  expect(parse('').value).toEqual({ stores: [], trackingUri: null, objective: null });
  expect(parse('stores: [sqlite:///mlflow.db, "git:", file:y]').value?.trackingUri).toBe('file:y');
  for (const none of ['stores: []', 'stores:', 'objective:', 'stores: []\nobjective: ~'])
    expect(parse(none)).toEqual({ value: { stores: [], trackingUri: null, objective: null }, problems: [] });
  const directions = { 'minimize': 'minimize', 'max': 'maximize', '~': 'minimize' };
  for (const [written, direction] of Object.entries(directions))
    expect(parse(`objective: {metric: my_loss, direction: ${written}}`).value?.objective?.direction).toBe(direction);
});

const wrongSettings: [text: string, problem: string][] = [
  ['a: 1\nstores: file:x', '2:9: error: stores must be a list of tracking URIs, as file:models/mlruns.'],
  ['stores: [5]', '1:10: error: stores must be a list of tracking URIs, as file:models/mlruns.'],
  ['stores: [file:x, 5]', '1:18: error: stores must be a list of tracking URIs, as file:models/mlruns.'],
  ['objective: loss', '1:12: error: objective must be a mapping of metric and direction.'],
  ['objective: {direction: minimize}', '1:12: error: objective must be a mapping of metric and direction.'],
  [
    'objective: {metric: x, direction: Minimize}',
    '1:35: error: direction must be one of minimize, maximize, min, max.',
  ],
  [
    'objective:\n  metric: x\n  direction: lower',
    '3:14: error: direction must be one of minimize, maximize, min, max.',
  ],
  ['objective: {metric: x, direction: 1}', '1:35: error: direction must be one of minimize, maximize, min, max.'],
];
test.each(wrongSettings)('project settings %j: %s', (text, problem) => {
  const { value, problems } = parseProjectSettings(text, '.mlops/project.yaml');
  expect([value, problems.map(formatProblem)]).toEqual([undefined, [`.mlops/project.yaml:${problem}`]]);
});
