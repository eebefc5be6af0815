import type { StageGround, StageOutput, StagePlan, StageRequest } from '../../protocol/addstage.ts';
import { checkStage } from './check.ts';
import { compareCodePoints } from '../names/names.ts';
import { emitMapping, toPyMap, type PyMap, type PyValue } from '../pipeline/pipeline.ts';
import { insertEntry } from '../yamledit/yamledit.ts';

/** The plan together with the file as it would be. */
interface PlannedText extends StagePlan {
  readonly text: string | null;
}

/**
 * The lines that add the stage to a dvc.yaml with this text (empty for a file that is not there), as DVC itself orders them; nothing
 * else of the file changes. `ground` are the stages of the whole project.
 */
export function planStage(
  request: StageRequest,
  { text, file, ground }: { text: string; file: string; ground: Pick<StageGround, 'stages'> },
): PlannedText {
  const mistakes = checkCommand(request).concat(checkStage(request, ground));
  if (mistakes.length > 0) {
    const problems = mistakes.map((message) => ({ file, line: 1, column: 1, severity: 'error', message }) as const);
    return { addition: null, text: null, problems };
  }
  const stage = toMapping(request);
  const { value, problems } = insertEntry(text, file, 'stages', {
    key: request.name,
    value: toPlain(stage),
    block: ({ indent, dashes }) => emitMapping(toPyMap([[request.name, stage]]), indent, { dashes }),
  });
  if (value === undefined) return { addition: null, text: null, problems };
  return { addition: { file, line: value.line, text: value.inserted }, text: value.text, problems: [] };
}

function checkCommand({ cmd }: StageRequest): string[] {
  return cmd.trim() === '' ? ['A stage needs a command.'] : [];
}

/** In DVC's own order; what is empty is left out. */
function toMapping({ desc, cmd, deps, params, outs }: StageRequest): PyMap {
  const ofKind = (kind: StageOutput['kind']): readonly PyValue[] =>
    sorted(outs.filter((out) => out.kind === kind).map(toOutput));
  const entries: readonly (readonly [string, PyValue])[] = [
    ['desc', desc],
    ['cmd', cmd],
    ['deps', [...new Set(deps)].sort(compareCodePoints)],
    ['params', toParams(params)],
    ['outs', ofKind('out')],
    ['metrics', ofKind('metric')],
    ['plots', ofKind('plot')],
  ];
  return toPyMap(entries.filter(([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0)));
}

function toOutput({ path, cache }: StageOutput): readonly [string, PyValue] {
  return [path, cache ? path : toPyMap([[path, toPyMap([['cache', false]])]])];
}

function sorted(outputs: readonly (readonly [string, PyValue])[]): readonly PyValue[] {
  return outputs.toSorted(([a], [b]) => compareCodePoints(a, b)).map(([, value]) => value);
}

/** Keys of params.yaml by themselves and first, then the other files in order. */
function toParams(params: StageRequest['params']): readonly PyValue[] {
  const isDefault = (file: string): boolean => file === 'params.yaml';
  return params
    .toSorted((a, b) => Number(isDefault(b.file)) - Number(isDefault(a.file)) || compareCodePoints(a.file, b.file))
    .flatMap(({ file, keys }): readonly PyValue[] => {
      const own = [...keys].sort(compareCodePoints);
      return isDefault(file) && own.length > 0 ? own : [toPyMap([[file, own.length === 0 ? null : own]])];
    });
}

/** As the YAML parser would give it. Only texts, flags, lists and mappings occur. */
function toPlain(value: PyValue): unknown {
  if (Array.isArray(value)) return value.map((item) => toPlain(item as PyValue));
  if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== 'map') return value;
  return Object.fromEntries(value.entries.map(([key, item]) => [key as string, toPlain(item)]));
}
