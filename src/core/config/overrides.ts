import { findNearest } from '../names/names.ts';
import { isMapping, parseYaml } from '../yaml/yaml.ts';
import type { Problem } from '../../protocol/problem.ts';

/** A value given on the command line. Its place is the argument itself, so that problems point where the user wrote it. */
export interface Override {
  readonly path: readonly string[];
  readonly place: Pick<Problem, 'file' | 'line' | 'column'>;
}

interface Applied {
  readonly value: Readonly<Record<string, unknown>>;
  readonly overrides: readonly Override[];
  readonly problems: readonly Problem[];
}

/** Puts `section.key=value` texts into a copy of a config's value. Values are YAML: `5` is a number, `[1, 2]` a list. */
export function applyOverrides(
  value: Readonly<Record<string, unknown>>,
  texts: readonly string[],
  sectionNames: readonly string[],
): Applied {
  const copy = structuredClone(value) as Record<string, unknown>;
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  for (const text of texts) {
    const { path, at, given, message } = parseOverride(text, sectionNames);
    const place = { file: `--set ${text}`, line: 1, column: at };
    const failure = message ?? putIn(copy, path, given);
    if (failure !== undefined) problems.push({ ...place, severity: 'error', message: failure });
    else overrides.push({ path, place });
  }
  return { value: copy, overrides, problems };
}

function parseOverride(
  text: string,
  sectionNames: readonly string[],
): { path: readonly string[]; at: number; given?: unknown; message?: string } {
  const equals = text.indexOf('=');
  const path = (equals === -1 ? text : text.slice(0, equals)).split('.');
  const [section = ''] = path;
  if (equals === -1 || path.length < 2 || path.includes(''))
    return { path, at: 1, message: `--set takes section.key=value, as training.num_epochs=5, not "${text}".` };
  if (!sectionNames.includes(section)) {
    const [nearest] = findNearest(section, sectionNames);
    const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
    return { path, at: 1, message: `A config has no section "${section}".${hint}` };
  }
  const { value, problems } = parseYaml(text.slice(equals + 1), `--set ${text}`);
  const [problem] = problems;
  if (value === undefined) return { path, at: equals + 2, message: problem?.message ?? 'not a YAML value' };
  return { path, at: equals + 2, given: value.value };
}

/** Sets the value below `path`, making the mappings on the way; gives a sentence where something else is in the way. */
function putIn(root: Record<string, unknown>, path: readonly string[], value: unknown): string | undefined {
  let node = root;
  for (const [index, part] of path.slice(0, -1).entries()) {
    if (!Object.hasOwn(node, part) || node[part] === null) define(node, part, {});
    const child = node[part];
    if (!isMapping(child)) return `${path.slice(0, index + 1).join('.')} is not a mapping: it has no keys to set.`;
    node = child;
  }
  define(node, path.at(-1) ?? '', value);
  return undefined;
}

/** A plain assignment, but `__proto__` is a key like any other. */
function define(node: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(node, key, { value, enumerable: true, writable: true, configurable: true });
}
