import { isMapping, parseYaml, type YamlFile } from '../yaml/yaml.ts';
import type { Parsed, Problem } from '../../protocol/problem.ts';

/** What a `template.yaml` says; templates/README.md describes it. */
export interface Manifest {
  /** How the template is offered; undefined for one that is only a base. */
  readonly title: string | undefined;
  readonly summary: string;
  readonly version: number;
  /** Name of the sibling whose files come first. */
  readonly base: string | undefined;
  /** Paths in the project in whose files values are filled in. */
  readonly render: readonly string[];
  /** Path in the project → which file of the template it is, by the answer to a question. */
  readonly choose: Readonly<Record<string, Choice>>;
}

interface Choice {
  readonly question: string;
  readonly files: Readonly<Record<string, string>>;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isChoice = (value: unknown): value is Choice =>
  isMapping(value) &&
  isText(value['question']) &&
  isMapping(value['files']) &&
  Object.values(value['files']).every(isText);

/** Key → what its value must be, and in words. */
const fields: Readonly<Record<keyof Manifest, readonly [(value: unknown) => boolean, string]>> = {
  title: [isText, 'a text'],
  summary: [isText, 'a text'],
  version: [(value) => Number.isSafeInteger(value) && Number(value) >= 1, 'a whole number of at least 1'],
  base: [(value) => isText(value) && /^[A-Za-z0-9_-]+$/.test(value), 'the name of a folder beside this one'],
  render: [isTexts, 'a list of paths'],
  choose: [
    (value) => isMapping(value) && Object.values(value).every(isChoice),
    'a mapping of paths to { question, files: { answer: file } }',
  ],
};

export function parseManifest(text: string, file: string): Parsed<Manifest> {
  const { value: yaml, problems } = parseYaml(text, file);
  if (yaml === undefined) return { value: undefined, problems };
  const found = yaml.value;
  if (!isMapping(found))
    return { value: undefined, problems: [...problems, yaml.problemAt([], 'The file must be a mapping.')] };
  const wrong = findWrong(found, yaml);
  if (wrong.length > 0) return { value: undefined, problems: [...problems, ...wrong] };
  const given = found as Partial<Manifest>;
  return {
    value: {
      title: given.title,
      summary: given.summary ?? '',
      version: given.version ?? 1,
      base: given.base,
      render: given.render ?? [],
      choose: given.choose ?? {},
    },
    problems,
  };
}

function findWrong(found: Readonly<Record<string, unknown>>, yaml: YamlFile): readonly Problem[] {
  return Object.entries(found).flatMap(([key, value]) => {
    if (!Object.hasOwn(fields, key)) return [yaml.problemAt([key], `There is no key "${key}".`, { at: 'key' })];
    const [accepts, words] = fields[key as keyof Manifest];
    return accepts(value) ? [] : [yaml.problemAt([key], `${key} must be ${words}.`)];
  });
}
