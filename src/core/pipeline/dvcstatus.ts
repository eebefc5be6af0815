import type { StaleReason } from '../../protocol/pipeline.ts';
import { isAbsolutePath, type Stage, type StagePath } from './stage.ts';

type Changes = Record<string, string | Record<string, string>>;
export type DvcStatus = Record<string, (string | Record<string, Changes>)[]>;

const words = { 'modified': 'modified', 'new': 'new', 'deleted': 'deleted', 'not-in-cache': 'not in cache' } as const;

/**
 * What `dvc status --json` prints for these stages, and for tracked data, which is a stage without a command to DVC. `display` turns a path relative to the project's root into one relative to
 * the folder in which the command was given; DVC shows paths, and addresses, that way.
 */
export function toDvcStatus(
  stages: readonly { readonly stage: Stage; readonly reasons: readonly StaleReason[] }[],
  display: (file: string) => string,
): DvcStatus {
  const status: DvcStatus = {};
  for (const { stage, reasons } of stages) {
    const file = display(stage.place.file);
    const isData = file.endsWith('.dvc');
    const entries = [
      ...section('changed deps', stage, reasons, ['dep', 'param'], display),
      ...section('changed outs', stage, reasons, ['out'], display),
      ...reasons.filter(({ kind }) => kind === 'always').map(() => 'always changed'),
      ...reasons.filter(({ kind }) => kind === 'cmd').map(() => (isData ? 'changed checksum' : 'changed command')),
    ];
    if (entries.length === 0) continue;
    status[isData ? file : file === 'dvc.yaml' ? stage.key : `${file}:${stage.key}`] = entries;
  }
  return status;
}

function section(
  title: string,
  stage: Stage,
  reasons: readonly StaleReason[],
  kinds: readonly StaleReason['kind'][],
  display: (file: string) => string,
): Record<string, Changes>[] {
  const changes: Changes = {};
  for (const { kind, path, key, change = 'modified' } of reasons) {
    if (!kinds.includes(kind) || path === undefined) continue;
    // What was written as an absolute path is shown as such.
    const name = isAbsolutePath(path) ? path : display(pathOf(stage, kind, path)?.file ?? path);
    const entry = changes[name];
    if (key === undefined) changes[name] = words[change];
    else if (typeof entry === 'object') entry[key] = words[change];
    else changes[name] = { [key]: words[change] };
  }
  return Object.keys(changes).length === 0 ? [] : [{ [title]: changes }];
}

function pathOf(stage: Stage, kind: StaleReason['kind'], path: string): StagePath | undefined {
  const list = kind === 'param' ? stage.params : kind === 'out' ? stage.outs : stage.deps;
  return list.find((item) => item.path === path);
}
