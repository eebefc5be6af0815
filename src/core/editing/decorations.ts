import type { Decoration } from '../../protocol/editing.ts';
import type { StatusDocument } from '../../protocol/pipeline.ts';
import { isOutside, type Stage } from '../pipeline/pipeline.ts';
import { stateOfOut } from './hover.ts';

/** What is tracked and not as it was left. What a stage has never made is not missing. */
export function toDecorations(
  stages: readonly Stage[],
  { stages: status, data }: StatusDocument,
): readonly Decoration[] {
  const byName = new Map(status.map((stage) => [stage.name, stage]));
  const ofStages = stages.flatMap((stage) =>
    stage.outs.flatMap((out): Decoration[] => {
      const state = stateOfOut(byName.get(stage.name), out);
      return state === null || state === 'fresh' || isOutside(out.file)
        ? []
        : [{ path: out.file, state, stage: stage.name }];
    }),
  );
  const ofData = data.flatMap(({ path, state, reasons }): Decoration[] => {
    const own = { path: path.replace(/\.dvc$/, ''), stage: null };
    const change = reasons.find(({ kind }) => kind === 'out')?.change;
    if (change === 'deleted') return [{ ...own, state: 'missing' }];
    if (change === 'not-in-cache') return [{ ...own, state: 'not-in-cache' }];
    return change !== undefined || state === 'stale' ? [{ ...own, state: 'modified' }] : [];
  });
  return [...ofStages, ...ofData];
}
