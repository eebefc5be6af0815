import type { Target } from '../../core/trees/trees.ts';

const keys: Readonly<Record<Target['kind'], readonly string[]>> = {
  project: [],
  repository: [],
  stage: ['stage'],
  config: ['model', 'file'],
  hyperparameter: ['model', 'file', 'key'],
  branch: ['type', 'name'],
  data: ['path'],
  run: ['runId'],
  server: ['server'],
  model: ['model'],
  registered: ['name'],
  version: ['name', 'version'],
};

/**
 * What a command was called on: a tree's entry, a repository of the editor's git view, or a target itself (keybindings, tests). Anything else is nothing. `selected`: the entries of the tree
 * that are selected; several runs are meant together when the one that the command was called on is among them.
 */
export function parseTarget(argument: unknown, selected?: unknown): Target | undefined {
  const target = parseOne(argument);
  if (target?.kind !== 'run' || target.runIds !== undefined || !Array.isArray(selected)) return target;
  const runs = selected.map(parseOne).filter((one) => one?.kind === 'run' && one.project === target.project);
  const runIds = [...new Set(runs.flatMap((one) => (one?.kind === 'run' ? [one.runId] : [])))];
  return runIds.length > 1 && runIds.includes(target.runId) ? { ...target, runIds } : target;
}

function parseOne(argument: unknown): Target | undefined {
  if (!isRecord(argument)) return undefined;
  const top = isRecord(argument['rootUri']) ? argument['rootUri']['fsPath'] : undefined;
  if (typeof top === 'string') return { kind: 'repository', project: top };
  const candidate = isRecord(argument['target']) ? argument['target'] : argument;
  const kind = candidate['kind'];
  if (typeof kind !== 'string' || !Object.hasOwn(keys, kind)) return undefined;
  const needed = ['project', ...keys[kind as Target['kind']]];
  if (!needed.every((key) => typeof candidate[key] === 'string')) return undefined;
  const { runIds = [] } = candidate;
  const isList = Array.isArray(runIds) && runIds.every((runId) => typeof runId === 'string');
  return isList ? (candidate as unknown as Target) : undefined;
}

/** The runs that a command was called on. */
export function runsOf(target: Target & { readonly kind: 'run' }): readonly string[] {
  return target.runIds ?? [target.runId];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
