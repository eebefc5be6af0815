import type { ProjectFolder } from '../../protocol/engine.ts';
import type { TreeEntry } from './entry.ts';

// What the trees show, as data: the adapter in src/vscode/trees turns entries into tree items and adds nothing to them.

export {
  describeAloud,
  isAbsolute,
  toAbsolute,
  toFailureEntry,
  toProblemEntry,
  type Target,
  type Translate,
  type TreeEntry,
} from './entry.ts';
export { toConfigEntries, toDataEntries, formatBytes } from './files.ts';
export { toModelEntries } from './models.ts';
export { toRunEntries, describeProgress, describeTrials } from './runs.ts';
export { describeCurrentBranch, toBranchEntries } from './branches.ts';
export { toTrialEntries } from './trials.ts';
export { findProcessOfRun } from './processes.ts';
export {
  describeGroup,
  describeWait,
  nameStageState,
  describeStage,
  groupOf,
  listRunnable,
  mostUrgent,
  summariseGroup,
  toStageEntries,
  toStageLog,
} from './stages.ts';

export function toProjectEntry(
  { root, name, branch }: ProjectFolder,
  children: () => readonly TreeEntry[] | Promise<readonly TreeEntry[]>,
): TreeEntry {
  return {
    id: `project:${root}`,
    label: name,
    description: branch ?? '',
    icon: { id: 'folder-library' },
    tooltip: [root],
    context: 'project',
    target: { kind: 'project', project: root },
    children,
    expanded: true,
  };
}
