import type { OpenText, TextEdit } from '../../protocol/editing.ts';
import type { GridCandidate, GridOffer } from '../../protocol/sparks.ts';
import type { Parsed } from '../../protocol/problem.ts';
import { flattenParams, parseConfig, type ModelConfig } from '../config/config.ts';
import { parseYaml } from '../yaml/yaml.ts';
import { addToList, toFlow } from '../yamledit/yamledit.ts';
import { isHyperparameter, tunedSections } from './hyperparameters.ts';
import { proposeValues } from './neighbours.ts';
import { bestByText, type TriedRuns } from './profile.ts';

/** Of values that runs had and nothing is next to, so many of the best are offered as well. */
const MOST_TRIED = 6;

/** What could be tried next of every hyperparameter of a config, also of those that the text leaves to their defaults. */
export function offerGrid({ text, file }: OpenText, tried: TriedRuns): Parsed<readonly GridOffer[]> {
  const { value: config, problems } = parseConfig(text, file);
  if (config === undefined) return { value: undefined, problems };
  const offers = tunedSections.flatMap((section) =>
    Object.entries(config[section]).flatMap(([name, value]): readonly GridOffer[] => {
      const isHidden = section === 'training' && Object.hasOwn(config.model, name);
      const isValue = value !== null && (typeof value !== 'object' || Array.isArray(value));
      if (!isHyperparameter(section, name) || isHidden || !isValue) return [];
      return [offerOf(config, { section, name, value }, tried)];
    }),
  );
  return { value: offers, problems: [] };
}

interface Hyperparameter {
  readonly section: (typeof tunedSections)[number];
  readonly name: string;
  readonly value: unknown;
}

function offerOf(config: ModelConfig, { section, name, value }: Hyperparameter, tried: TriedRuns): GridOffer {
  const key = `${section}.${name}`;
  const grid = Object.hasOwn(config.hyperparameter_tuning, name) ? config.hyperparameter_tuning[name] : [];
  const known = bestByText(tried.runs, key, tried.objective);
  const proposed = [value, ...proposeValues(name, value)];
  const logged = new Map(proposed.map((each) => [loggedText(key, each), each]));
  const sign = tried.objective.direction === 'minimize' ? 1 : -1;
  const others = [...known]
    .filter(([text]) => !logged.has(text))
    .sort(([, a], [, b]) => sign * (a.value - b.value))
    .slice(0, MOST_TRIED)
    .map(([text]) => [text, readValue(text, typeof value === 'string')] as const);
  const candidates = [...logged, ...others].map(([text, each]): GridCandidate => ({
    text: toFlow(each),
    tried: known.get(text)?.count ?? 0,
    best: known.get(text)?.value ?? null,
    isCurrent: each === value,
  }));
  return {
    ...{ key, name, objective: tried.objective, isRange: !Array.isArray(grid) },
    inGrid: Array.isArray(grid) ? grid.map(toFlow) : [],
    candidates: [...candidates].sort(compareCandidates),
  };
}

/** As a run would have the value among its params. */
function loggedText(key: string, value: unknown): string {
  const [section = '', name = ''] = key.split('.');
  const sections = { data: { dataset_path: '' }, model: { name: '' }, training: {}, [section]: { [name]: value } };
  return flattenParams(sections as unknown as ModelConfig)[key] ?? '';
}

/** What runs have among their params is text; of a word it stays that. */
function readValue(text: string, isWord: boolean): unknown {
  const { value: yaml } = isWord ? { value: undefined } : parseYaml(text, '');
  return yaml === undefined ? text : yaml.value;
}

function compareCandidates(a: GridCandidate, b: GridCandidate): number {
  const [x, y] = [Number(a.text), Number(b.text)];
  return Number.isNaN(x) || Number.isNaN(y) ? 0 : x - y;
}

/** What puts values into `hyperparameter_tuning`; each as YAML's flow notation writes it. */
export function addToGrid({ text, file }: OpenText, name: string, values: readonly string[]): Parsed<TextEdit> {
  const parsed = values.map((value) => parseYaml(value, file));
  const mistakes = parsed.flatMap(({ value, problems }) => (value === undefined ? problems : []));
  if (mistakes.length > 0) return { value: undefined, problems: mistakes };
  const path = ['hyperparameter_tuning', name] as const;
  const { value: addition, problems } = addToList(
    text,
    file,
    path,
    parsed.map(({ value }) => value?.value),
  );
  return { value: addition === undefined ? undefined : toInsertion(file, text, addition.text), problems };
}

/** `after` is `before` with something put in. */
function toInsertion(file: string, before: string, after: string): TextEdit {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start += 1;
  const lines = before.slice(0, start).split('\n');
  const [line, column] = [lines.length, (lines.at(-1) ?? '').length + 1];
  const range = { line, column, endLine: line, endColumn: column };
  return { file, range, text: after.slice(start, start + after.length - before.length) };
}
