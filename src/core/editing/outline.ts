import type { StageLens, TextPosition } from '../../protocol/editing.ts';
import type { StageStatus } from '../../protocol/pipeline.ts';
import { addressOf } from '../pipeline/pipeline.ts';
import { groupOf, mostUrgent } from '../trees/trees.ts';
import { keyOf, pairOf, pairsOf, positionOf, spanOf, valueOf, type EditedText } from './text.ts';

/** A stage or a group as the text has it, whether or not the rest of the text can be read. */
export interface OutlinedStage extends TextPosition {
  readonly name: string;
  readonly kind: 'stage' | 'foreach' | 'matrix';
  /** The mapping that says what it does: behind `do` for a foreach. */
  readonly body: unknown;
}

export function outlineStages(edited: EditedText): readonly OutlinedStage[] {
  return pairsOf(valueOf(edited.yaml.document.contents, 'stages')).flatMap((pair) => {
    const start = spanOf(pair.key)?.[0];
    if (start === undefined || keyOf(pair) === '') return [];
    const isForeach = pairOf(pair.value, 'foreach') !== undefined || pairOf(pair.value, 'do') !== undefined;
    const isMatrix = pairOf(pair.value, 'matrix') !== undefined;
    return [
      {
        name: keyOf(pair),
        kind: isForeach ? ('foreach' as const) : isMatrix ? ('matrix' as const) : ('stage' as const),
        body: isForeach ? valueOf(pair.value, 'do') : pair.value,
        ...positionOf(edited, start),
      },
    ];
  });
}

/** What the status says of each stage of the text, groups as a whole: few facts, however many stages there are. */
export function toLenses(edited: EditedText, stages: readonly StageStatus[]): readonly StageLens[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const groups = Map.groupBy(stages, ({ name }) => groupOf(name));
  return outlineStages(edited).map(({ name, kind, line }) => {
    const stage = addressOf(edited.file, name);
    const isGroup = kind !== 'stage';
    const members = isGroup ? (groups.get(stage) ?? []) : [byName.get(stage)].filter((one) => one !== undefined);
    return { stage, line, isGroup, ...summarise(members, byName) };
  });
}

function summarise(
  members: readonly StageStatus[],
  byName: ReadonlyMap<string, StageStatus>,
): Omit<StageLens, 'stage' | 'line' | 'isGroup'> {
  const [first, ...others] = members;
  const single = others.length === 0 ? first : undefined;
  const state = first === undefined ? null : mostUrgent(members);
  return {
    members: members.length,
    state,
    count: members.filter((member) => member.state === state).length,
    reasons: single?.reasons ?? [],
    waitsFor: single?.needs.find((need) => byName.get(need)?.state !== 'fresh') ?? null,
    seconds: single?.lastSeconds ?? null,
    last: single?.last ?? latest(members),
  };
}

function latest(members: readonly StageStatus[]): StageLens['last'] {
  const ends = members.flatMap(({ last }) => last ?? []);
  return ends.toSorted((a, b) => Number(b.failure !== null) - Number(a.failure !== null) || b.at - a.at)[0] ?? null;
}
