import type { Target } from '../../core/trees/trees.ts';

const keys: Readonly<Record<Target['kind'], readonly string[]>> = {
  project: [],
  stage: ['stage'],
  config: ['model', 'file'],
  data: ['path'],
  run: ['runId'],
  model: ['model'],
  registered: ['name'],
  version: ['name', 'version'],
};

/** What a command was called on: a tree's entry, or a target itself (keybindings, tests). Anything else is nothing. */
export function parseTarget(argument: unknown): Target | undefined {
  if (!isRecord(argument)) return undefined;
  const candidate = isRecord(argument['target']) ? argument['target'] : argument;
  const kind = candidate['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(keys, kind)) return undefined;
  const needed = ['project', ...keys[kind as Target['kind']]];
  return needed.every((key) => typeof candidate[key] === 'string') ? (candidate as unknown as Target) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
