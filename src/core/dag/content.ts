import type { GraphContent, GraphGroup, GraphStage } from '../../protocol/dag.ts';
import type { StageStatus, StatusDocument } from '../../protocol/pipeline.ts';
import { formatProblem } from '../../protocol/problem.ts';
import { describeStage, groupOf, summariseGroup, type Translate } from '../trees/trees.ts';

/** The status as the page draws it, in the words of the Pipeline view. */
export function toGraphContent({ stages, problems }: StatusDocument, t: Translate): GraphContent {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const all = [...byName.values()];
  const groups = [...Map.groupBy(all, ({ name }) => groupOf(name))].filter(
    ([name, members]) => members.length > 1 && !byName.has(name),
  );
  const grouped = new Set(groups.map(([name]) => name));
  const [worst] = problems.filter(({ severity }) => severity === 'error');
  return {
    stages: all.map((stage) => toGraphStage(stage, { byName, grouped, t })),
    groups: groups.map(([name, members]) => toGraphGroup(name, members, t)),
    warning: worst === undefined ? null : formatProblem(worst),
  };
}

interface Surroundings {
  readonly byName: ReadonlyMap<string, StageStatus>;
  readonly grouped: ReadonlySet<string>;
  readonly t: Translate;
}

function toGraphStage(stage: StageStatus, { byName, grouped, t }: Surroundings): GraphStage {
  const { name, state, needs } = stage;
  const { description, state: unsaid } = describeStage(stage, byName, t);
  const group = groupOf(name);
  return {
    name,
    state,
    words: description,
    spoken: unsaid === undefined ? description : `${unsaid}, ${description}`,
    group: grouped.has(group) ? group : null,
    needs: needs.filter((need) => byName.has(need)),
  };
}

function toGraphGroup(name: string, members: readonly StageStatus[], t: Translate): GraphGroup {
  const { state, description } = summariseGroup(members, t);
  return { name, state, words: description, spoken: description };
}
