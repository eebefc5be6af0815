import { describeReason, type StageState, type StageStatus, type StatusDocument } from '../../protocol/pipeline.ts';
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
  const groups = new Map<string, StageStatus[]>();
  for (const stage of stages) {
    const name = groupOf(stage.name);
    groups.set(name, [...(groups.get(name) ?? []), stage]);
  }
  const entries = [...groups].flatMap(([name, members]) =>
    members.some((member) => member.name !== name)
      ? [toGroupEntry(name, members, project, toEntry, t)]
      : members.map(toEntry),
  );
  return [...problems.map((problem) => toProblemEntry(problem, project)), ...entries];
}

/** 'train@cnnbased' → 'train'; a stage outside a group is its own. */
function groupOf(name: string): string {
  const at = name.lastIndexOf('@');
  return at <= 0 ? name : name.slice(0, at);
}

function toStageEntry(
  stage: StageStatus,
  project: string,
  byName: ReadonlyMap<string, StageStatus>,
  t: Translate,
): TreeEntry {
  const description = describeStage(stage, byName, t);
  return {
    id: `stage:${project}:${stage.name}`,
    label: stage.name,
    description,
    icon: icons[stage.state],
    tooltip: [
      `${stage.name}: ${description}`,
      ...stage.reasons.map(describeReason),
      ...(stage.needs.length === 0 ? [] : [t('Needs {0}', stage.needs.join(', '))]),
      `${stage.file}:${stage.line}`,
    ],
    context: stage.state === 'running' ? 'stage running' : 'stage',
    target: { kind: 'stage', project, stage: stage.name },
    opens: { file: toAbsolute(project, stage.file), line: stage.line },
  };
}

function describeStage(
  { state, reasons, needs, lastSeconds }: StageStatus,
  byName: ReadonlyMap<string, StageStatus>,
  t: Translate,
): string {
  switch (state) {
    case 'fresh':
      return lastSeconds === null ? t('fresh') : t('fresh · {0}', formatDuration(lastSeconds));
    case 'stale': {
      const [first, ...others] = reasons.map(describeReason);
      if (first === undefined) return t('stale');
      return others.length === 0 ? first : t('{0} and {1} more', first, others.length);
    }
    case 'blocked': {
      const awaited = needs.find((name) => byName.get(name)?.state !== 'fresh');
      return awaited === undefined ? t('waits for an earlier stage') : t('waits for {0}', awaited);
    }
    case 'never-run':
      return t('never run');
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

function toGroupEntry(
  name: string,
  members: readonly StageStatus[],
  project: string,
  toEntry: (stage: StageStatus) => TreeEntry,
  t: Translate,
): TreeEntry {
  const state = urgency.find((candidate) => members.some((member) => member.state === candidate)) ?? 'fresh';
  const fresh = members.filter((member) => member.state === 'fresh').length;
  const running = members.filter((member) => member.state === 'running').length;
  const [first] = members;
  const description =
    fresh === members.length
      ? t('all {0} fresh', fresh)
      : running > 0
        ? t('{0} of {1} running', running, members.length)
        : t('{0} of {1} stale', members.length - fresh, members.length);
  return {
    id: `stage:${project}:${name}`,
    label: name,
    description,
    icon: icons[state],
    tooltip: [`${name}: ${description}`, ...members.map((member) => member.name)],
    context: state === 'running' ? 'stage running' : 'stage',
    target: { kind: 'stage', project, stage: name },
    ...(first === undefined ? {} : { opens: { file: toAbsolute(project, first.file), line: first.line } }),
    children: () => members.map(toEntry),
    expanded: true,
  };
}
