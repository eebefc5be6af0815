import { describeReason, type StageState, type StageStatus, type StatusDocument } from '../../protocol/pipeline.ts';
import { stageLogName } from '../names/names.ts';
import { formatDuration } from '../charts/charts.ts';
import { toAbsolute, toProblemEntry, type EntryIcon, type Translate, type TreeEntry } from './entry.ts';

const icons: Readonly<Record<StageState, EntryIcon>> = {
  'fresh': { id: 'check', color: 'testing.iconPassed' },
  'stale': { id: 'warning', color: 'list.warningForeground' },
  'never-run': { id: 'circle-large-outline' },
  'blocked': { id: 'circle-outline', color: 'disabledForeground' },
  'running': { id: 'sync~spin', color: 'charts.blue' },
  'frozen': { id: 'lock', color: 'disabledForeground' },
  'failed': { id: 'error', color: 'testing.iconFailed' },
  'needs-dvc': { id: 'question' },
};

/** A group of more stages is closed at first, and its tooltip does not name them all. */
const FEW = 30;

/** Of a group's stages the most urgent state is the group's. */
const urgency: readonly StageState[] = [
  'running',
  'failed',
  'stale',
  'never-run',
  'needs-dvc',
  'blocked',
  'frozen',
  'fresh',
];

/** The Pipeline view: problems of dvc.yaml first, then stages in file order, those of one `foreach` in a group. */
export function toStageEntries({ project, stages, problems }: StatusDocument, t: Translate): readonly TreeEntry[] {
  const byName = new Map(stages.map((stage) => [stage.name, stage]));
  const toEntry = (stage: StageStatus): TreeEntry => toStageEntry(stage, project, byName, t);
  const groups = Map.groupBy(stages, ({ name }) => groupOf(name));
  const entries = [...groups].flatMap(([name, members]) =>
    members.some((member) => member.name !== name)
      ? [toGroupEntry(name, members, project, toEntry, t)]
      : members.map(toEntry),
  );
  return [...problems.map((problem) => toProblemEntry(problem, project, t)), ...entries];
}

/** What a list offers to run: each stage, but of a large group itself in the place of its members. */
export function listRunnable(stages: readonly Pick<StageStatus, 'name'>[]): readonly string[] {
  const groups = Map.groupBy(stages, ({ name }) => groupOf(name));
  return [...groups].flatMap(([group, members]) => (members.length > FEW ? [group] : members.map(({ name }) => name)));
}

/** 'train@cnnbased' → 'train'; a stage outside a group is its own. */
export function groupOf(name: string): string {
  const at = name.lastIndexOf('@');
  return at <= 0 ? name : name.slice(0, at);
}

/** Where the engine keeps what a stage has printed when it last ran. */
export function toStageLog(project: string, stage: string): string {
  return toAbsolute(project, `.mlops/tmp/logs/${stageLogName(stage)}`);
}

function toStageEntry(
  stage: StageStatus,
  project: string,
  byName: ReadonlyMap<string, StageStatus>,
  t: Translate,
): TreeEntry {
  const { description, ...unsaid } = describeStage(stage, byName, t);
  return {
    id: `stage:${project}:${stage.name}`,
    label: stage.name,
    description,
    icon: icons[stage.state],
    ...unsaid,
    tooltip: [
      `${stage.name}: ${description}`,
      ...stage.reasons.map(describeReason),
      ...(stage.needs.length === 0 ? [] : [t('Needs {0}', stage.needs.join(', '))]),
      `${stage.file}:${stage.line}`,
    ],
    context: contextOf('stage', stage.state),
    target: { kind: 'stage', project, stage: stage.name },
    opens: { file: toAbsolute(project, stage.file), line: stage.line },
  };
}

/** How a stage stands in words, and its state where these do not say it. */
export function describeStage(
  stage: StageStatus,
  byName: ReadonlyMap<string, StageStatus>,
  t: Translate,
): Pick<TreeEntry, 'description' | 'state'> {
  const description = toWords(stage, byName, t);
  return stage.state === 'stale' && stage.reasons.length > 0 ? { description, state: t('stale') } : { description };
}

function toWords(
  { state, reasons, needs, lastSeconds }: StageStatus,
  byName: ReadonlyMap<string, StageStatus>,
  t: Translate,
): string {
  if (state === 'fresh' && lastSeconds !== null) return t('fresh · {0}', formatDuration(lastSeconds));
  if (state === 'blocked') return describeWait(needs.find((name) => byName.get(name)?.state !== 'fresh') ?? null, t);
  const [first, ...others] = state === 'stale' ? reasons.map(describeReason) : [];
  if (first === undefined) return nameStageState(state, t);
  return others.length === 0 ? first : t('{0} and {1} more', first, others.length);
}

/** A state in one word or two; what it waits for, or why it is stale, is for others to say. */
export function nameStageState(state: StageState, t: Translate): string {
  switch (state) {
    case 'fresh':
      return t('fresh');
    case 'stale':
      return t('stale');
    case 'never-run':
      return t('never run');
    case 'blocked':
      return describeWait(null, t);
    case 'running':
      return t('running');
    case 'frozen':
      return t('frozen');
    case 'failed':
      return t('failed');
    case 'needs-dvc':
      return t('needs DVC');
  }
}

/** What a blocked stage says; `stage` is the one that it waits for, null for one that is not known. */
export function describeWait(stage: string | null, t: Translate): string {
  return stage === null ? t('waits for an earlier stage') : t('waits for {0}', stage);
}

function toGroupEntry(
  name: string,
  members: readonly StageStatus[],
  project: string,
  toEntry: (stage: StageStatus) => TreeEntry,
  t: Translate,
): TreeEntry {
  const { state, description } = summariseGroup(members, t);
  const [first] = members;
  return {
    id: `stage:${project}:${name}`,
    label: name,
    description,
    icon: icons[state],
    tooltip: [
      `${name}: ${description}`,
      ...members.slice(0, FEW).map((member) => member.name),
      ...(members.length > FEW ? [t('and {0} more', members.length - FEW)] : []),
    ],
    context: contextOf('stage-group', state),
    target: { kind: 'stage', project, stage: name },
    ...(first === undefined ? {} : { opens: { file: toAbsolute(project, first.file), line: first.line } }),
    children: () => members.map(toEntry),
    expanded: members.length <= FEW,
  };
}

/** The most urgent state of the members is the group's. */
export function mostUrgent(members: readonly StageStatus[]): StageState {
  return urgency.find((candidate) => members.some((member) => member.state === candidate)) ?? 'fresh';
}

/** A group's state, in words as well. */
export function summariseGroup(
  members: readonly StageStatus[],
  t: Translate,
): { readonly state: StageState; readonly description: string } {
  const state = mostUrgent(members);
  const count = members.filter((member) => member.state === state).length;
  return { state, description: describeGroup(state, { count, members: members.length }, t) };
}

/** How many members are in the group's state, and of how many: '1 of 2 stale', '2 never run'. */
export function describeGroup(
  state: StageState,
  { count, members }: { readonly count: number; readonly members: number },
  t: Translate,
): string {
  const share = count === members ? String(count) : t('{0} of {1}', count, members);
  switch (state) {
    case 'fresh':
      return t('all {0} fresh', count);
    case 'running':
      return t('{0} running', share);
    case 'failed':
      return t('{0} failed', share);
    case 'stale':
      return t('{0} stale', share);
    case 'never-run':
      return t('{0} never run', share);
    case 'blocked':
      return t('{0} waiting', share);
    case 'frozen':
      return t('{0} frozen', share);
    case 'needs-dvc':
      return t('{0} needing DVC', share);
  }
}

/** A running one can be stopped, a failed one is looked into. */
function contextOf(kind: 'stage' | 'stage-group', state: StageState): string {
  return state === 'running' || state === 'failed' ? `${kind} ${state}` : kind;
}
