import {
  View,
  Warn,
  expressionFunction,
  parse,
  textMetrics,
  transforms,
  type Config,
  type Loader,
  type LoggerInterface,
  type Spec,
} from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { VegaAnswer, VegaControl, VegaLook, VegaQuestion } from './vegaquestion.ts';

// Vega and Vega-Lite, in a worker: a template is the code of whoever wrote the repository, and one that never comes to an end is stopped from
// outside. Expressions are interpreted, since the page's policy compiles none, and nothing is loaded from anywhere.

declare module 'vega' {
  /** Vega has it, its types do not. */
  const textMetrics: { width: (item: TextItem, text: unknown) => number };
}

interface TextItem {
  readonly font?: string;
  readonly fontSize?: number;
  readonly fontStyle?: string;
  readonly fontWeight?: string | number;
}

addEventListener('message', ({ data }: MessageEvent<VegaQuestion>) => {
  draw(data).then(
    (answer) => postMessage(answer satisfies VegaAnswer),
    (error: unknown) => {
      const problem = error instanceof Error ? error.message : String(error);
      postMessage({ problem } satisfies VegaAnswer);
    },
  );
});
postMessage('ready');

async function draw({ filled, look, values }: VegaQuestion): Promise<VegaAnswer> {
  const refused = new Set<string>();
  const problems: string[] = [];
  const logger = createLogger(problems);
  const spec = toVega(filled, look, logger);
  requireNoSequences(spec);
  const runtime = parse(spec, undefined, { ast: true });
  const loader = createLoader(refused);
  const view = new View(runtime, { expr: expressionInterpreter, renderer: 'none', loader, logger, logLevel: Warn });
  const { controls, isStill } = controlsOf(spec);
  for (const { name } of controls) if (Object.hasOwn(values, name)) view.signal(name, values[name] as never);
  await view.runAsync();
  const svg = await view.toSVG();
  const now = controls.map((control) => ({ ...control, value: view.signal(control.name) as unknown }));
  view.finalize();
  if (problems.length > 0 && refused.size === 0) throw new Error(problems[0]);
  return { svg, refused: [...refused], controls: now, isStill };
}

const ruler = new OffscreenCanvas(1, 1).getContext('2d');

/** There is no document to measure words in. */
textMetrics.width = ({ font = 'sans-serif', fontSize = 11, fontStyle = '', fontWeight = '' }, text) => {
  const words = String(text);
  if (ruler === null) return 0.6 * fontSize * words.length;
  ruler.font = `${fontStyle} ${fontWeight} ${fontSize}px ${font}`;
  return ruler.measureText(words).width;
};

/** What can be chosen of a template, and whether it has more that would move: selections by the mouse, and timers. */
function controlsOf({ signals = [] }: Spec): { readonly controls: readonly VegaControl[]; readonly isStill: boolean } {
  const controls = signals.flatMap(({ name, ...signal }): VegaControl[] => {
    const bind = 'bind' in signal ? (signal.bind as unknown) : undefined;
    if (typeof bind !== 'object' || bind === null || !('input' in bind)) return [];
    const { input, min = 0, max = 100, step = 1, options, labels = [], name: label = name } = bind as Bound;
    const facts = { name, label, value: null };
    if (input === 'range') return [{ ...facts, kind: 'range', min, max, step }];
    if (input === 'checkbox') return [{ ...facts, kind: 'checkbox' }];
    if (options === undefined) return [];
    const choices = options.map((value, at) => ({ value, label: labels[at] ?? String(value) }));
    return [{ ...facts, kind: 'select', choices }];
  });
  const moves = signals.some(({ name, ...signal }) => 'on' in signal && name !== 'width' && name !== 'height');
  return { controls, isStill: !moves };
}

/** As Vega's schema has it, which its parser has not checked in every point: what is wrong in it makes odd controls, and nothing worse. */
interface Bound {
  readonly input: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly options?: readonly unknown[];
  readonly labels?: readonly string[];
  readonly name?: string;
}

/** Longest list that an expression or a sequence may make. */
const MOST_ITEMS = 100_000;

/** An expression of few letters must not fill the memory. */
expressionFunction('sequence', (start: number, stop?: number, step = 1): number[] => {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = requireFew((to - from) / step);
  return Array.from({ length: count }, (_, index) => from + index * step);
});

function requireFew(count: number): number {
  const whole = Math.max(0, Math.ceil(count));
  if (!(whole <= MOST_ITEMS)) throw new Error(`A sequence has more than ${MOST_ITEMS} items.`);
  return whole;
}

/** A template may be Vega as well, by its schema. */
function toVega(filled: unknown, look: VegaLook, logger: LoggerInterface): Spec {
  const config = configOf(look);
  if (typeof filled !== 'object' || filled === null || Array.isArray(filled))
    throw new Error('A template must be a mapping.');
  const isVega = '$schema' in filled && String(filled.$schema).includes('/schema/vega/');
  // What a template says of looks wins over the theme.
  if (isVega) return { ...(filled as Spec), config: { ...config, ...(filled as Spec).config } };
  return compile(filled as TopLevelSpec, { config: config as never, logger }).spec;
}

/** Data that a spec makes by itself is as long as it says. */
function requireNoSequences(value: unknown): void {
  if (Array.isArray(value)) value.forEach(requireNoSequences);
  if (typeof value !== 'object' || value === null) return;
  const { type, start = 0, stop, step = 1 } = value as Readonly<Record<string, unknown>>;
  if (type === 'sequence' && stop !== undefined) requireFew((Number(stop) - Number(start)) / Number(step));
  Object.values(value).forEach(requireNoSequences);
}

/** Says no to everything, and remembers what it was asked for. */
function createLoader(refused: Set<string>): Loader {
  const refuse = (uri: string): Promise<never> => {
    refused.add(uri.length > 80 ? `${uri.slice(0, 79)}…` : uri);
    return Promise.reject(new Error(`${uri} is not loaded.`));
  };
  return { load: refuse, sanitize: refuse, http: refuse, file: refuse };
}

/** Errors are kept, warnings are nobody's business: templates of older versions have many. */
function createLogger(problems: string[]): LoggerInterface {
  const quiet = (): LoggerInterface => logger;
  const logger: LoggerInterface = {
    level: (level?: number) => (level === undefined ? Warn : logger),
    error: (...parts: readonly unknown[]) => {
      problems.push(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '));
      return logger;
    },
    warn: quiet,
    info: quiet,
    debug: quiet,
  };
  return logger;
}

function configOf({ foreground, dim, grid, ramp, fontFamily, palette }: VegaLook): Config {
  const text = {
    labelColor: dim,
    titleColor: dim,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 400,
    labelFont: fontFamily,
    titleFont: fontFamily,
  };
  return {
    background: 'transparent',
    padding: 4,
    font: fontFamily,
    title: { color: foreground, font: fontFamily, fontSize: 12, fontWeight: 600 },
    axis: { ...text, gridColor: grid, domain: false, ticks: false, labelPadding: 6 },
    legend: { ...text, symbolStrokeColor: dim, orient: 'bottom', columns: 3, labelLimit: 140 },
    header: text,
    view: { stroke: 'transparent' },
    range: {
      category: [...palette],
      ordinal: [...palette],
      ramp: [...ramp],
      heatmap: [...ramp],
    },
    mark: { color: palette[0] },
    text: { fill: foreground, font: fontFamily },
    rule: { stroke: dim },
  } as Config;
}

/** Transforms that make many rows of few are asked how many before they begin: a page has one memory with its workers. */
const rowsOf: Readonly<Record<string, (rows: number, fields: number) => number>> = {
  cross: (rows) => rows * rows,
  fold: (rows, fields) => rows * fields,
};
const MOST_ROWS = 2_000_000;

type Transform = (this: unknown, parameters: Parameters, pulse: { readonly source?: readonly unknown[] }) => unknown;
interface Parameters {
  readonly fields?: readonly unknown[];
}

for (const [name, count] of Object.entries(rowsOf)) {
  const own = (transforms as unknown as Readonly<Record<string, { readonly prototype: { transform: Transform } }>>)[
    name
  ]?.prototype;
  const transform = own?.transform;
  if (own === undefined || transform === undefined) continue;
  own.transform = function (parameters, pulse) {
    const rows = count(pulse.source?.length ?? 0, parameters.fields?.length ?? 1);
    if (rows > MOST_ROWS) throw new Error(`The transform "${name}" makes more than ${MOST_ROWS} rows.`);
    return transform.call(this, parameters, pulse);
  };
}
