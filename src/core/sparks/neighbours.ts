/** Values next to one that is there; what can't be is left out by whoever asks. */
type Steps = (value: number) => readonly number[];

/** 1, 3, 10, 30 …: on a logarithmic scale about as far from each other. */
const decades: Steps = (value) => {
  if (value <= 0) return [0.0001, 0.001, 0.01];
  return [value / 10, nearestOfSeries(value, 1 / 3), nearestOfSeries(value, 3), value * 10];
};
const doublings: Steps = (value) => [value / 4, value / 2, value * 2, value * 4];
const tenths: Steps = (value) => [value - 0.2, value - 0.1, value + 0.1, value + 0.2];
const ones: Steps = (value) => [value - 2, value - 1, value + 1, value + 2];
/** A kernel has a middle only where its size is odd. */
const twos: Steps = (value) => [value - 4, value - 2, value + 2, value + 4];

interface Rule {
  readonly steps: Steps;
  readonly isWhole: boolean;
  readonly least: number;
  readonly most: number;
}

const any = { isWhole: false, least: 0, most: Infinity };
const count = { isWhole: true, least: 1, most: Infinity };

/** By the name of a hyperparameter; what has no row is judged by its value. */
const rules: Readonly<Record<string, Rule>> = {
  learning_rate: { ...any, steps: decades },
  weight_decay: { ...any, steps: decades },
  dropout_rate: { ...any, steps: tenths, most: 0.9 },
  batch_size: { ...count, steps: doublings },
  num_units: { ...count, steps: doublings },
  filters: { ...count, steps: doublings },
  num_epochs: { ...count, steps: doublings },
  num_layers: { ...count, steps: ones },
  kernel_size: { ...count, steps: twos, most: 64 },
};

/** From this whole number on its double is nearer to it, as people see it, than the next number. */
const MANY = 10;

function ruleOf(name: string, value: number): Rule {
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule !== undefined) return rule;
  if (Number.isSafeInteger(value) && value > 0) return { ...count, steps: value < MANY ? ones : doublings };
  return { steps: decades, isWhole: false, least: -Infinity, most: Infinity };
}

/** Words that people try first; others are theirs to write. */
const usualWords: Readonly<Record<string, readonly string[]>> = {
  activation_function: ['relu', 'tanh', 'sigmoid', 'elu', 'gelu', 'swish'],
  optimizer: ['adam', 'adamw', 'rmsprop', 'sgd'],
};

/** Sensible values beside the one that a hyperparameter has: numbers ascend, a list as a whole becomes smaller or greater. */
export function proposeValues(name: string, value: unknown): readonly unknown[] {
  if (typeof value === 'number') return proposeNumbers(name, value);
  if (typeof value === 'boolean') return [!value];
  if (typeof value === 'string') {
    const words = Object.hasOwn(usualWords, name) ? (usualWords[name] ?? []) : [];
    return words.filter((word) => word !== value);
  }
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number'))
    return [0.5, 2].map((factor) => value.map((item: number) => Math.max(1, Math.round(item * factor))));
  return [];
}

function proposeNumbers(name: string, value: number): readonly number[] {
  const { steps, isWhole, least, most } = ruleOf(name, value);
  const values = steps(value)
    .map((step) => (isWhole ? Math.round(step) : rounded(step)))
    .filter((step) => step >= least && step <= most && step !== value);
  return [...new Set(values)];
}

/** The number of the series 1, 3, 10, 30 … that is nearest to a factor of the value, judged as a ratio. */
function nearestOfSeries(value: number, factor: number): number {
  const wanted = value * factor;
  const decade = 10 ** Math.floor(Math.log10(wanted));
  const distance = (number: number): number => Math.abs(Math.log(number / wanted));
  return [decade, 3 * decade, 10 * decade].reduce((near, other) => (distance(other) < distance(near) ? other : near));
}

/** Without what binary fractions add: 0.30000000000000004 is 0.3. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
