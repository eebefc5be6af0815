import type { Decoration, Fix, Hover, PathState, StageLens } from '../../protocol/editing.ts';
import { describeReason } from '../../protocol/pipeline.ts';
import { formatDuration } from '../charts/charts.ts';
import {
  describeGroup,
  describeWait,
  formatBytes,
  nameStageState,
  type Target,
  type Translate,
} from '../trees/trees.ts';

// What the editor says, as text: the adapters in src/vscode/languages add nothing to it.

export function toFixTitle(fix: Fix, t: Translate): string {
  switch (fix.kind) {
    case 'replace':
      return t('Change to "{0}"', fix.by);
    case 'remove':
      return t('Remove {0}', fix.what);
    case 'add-param':
      return t('Add {0} to {1}', fix.key, fix.paramsFile);
    case 'create-file':
      return t('Create {0}', fix.file);
    case 'untrack':
      return t('Stop tracking {0} with Git …', fix.file);
  }
}

/** A line above a stage that can be clicked; without a command it only says something. */
export interface LensTitle {
  readonly title: string;
  readonly command?:
    'mlops.runStage' | 'mlops.runMember' | 'mlops.runDownstream' | 'mlops.stop' | 'mlops.openLog' | 'mlops.debugStage';
  readonly target?: Target;
}

interface LensSurroundings {
  readonly project: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** False: nothing that runs something is offered. */
  readonly trusted: boolean;
  /** Commands that there are, beside those that are always there. */
  readonly commands: ReadonlySet<string>;
  readonly t: Translate;
}

/** What stands above a stage: how it is, then what can be done. A stage that the pipeline does not know has nothing. */
export function toLensTitles(
  lens: StageLens,
  { project, now, trusted, commands, t }: LensSurroundings,
): readonly LensTitle[] {
  if (lens.state === null) return [];
  const target: Target = { kind: 'stage', project, stage: lens.stage };
  const isRunning = lens.state === 'running';
  const canRun = trusted && !isRunning && lens.state !== 'needs-dvc';
  const rows: readonly (LensTitle & { readonly when: boolean })[] = [
    { title: describeLens(lens, now, t), when: true },
    { title: t('Stop'), command: 'mlops.stop', when: trusted && isRunning },
    {
      title: t('Open Log'),
      command: 'mlops.openLog',
      when: isRunning || (lens.state === 'failed' && !lens.isGroup),
    },
    {
      title: lens.isGroup ? t('Run All {0}', lens.members) : t('Run'),
      command: 'mlops.runStage',
      when: canRun,
    },
    { title: t('Run One …'), command: 'mlops.runMember', when: canRun && lens.isGroup },
    { title: t('Run with Downstream'), command: 'mlops.runDownstream', when: canRun },
    {
      title: t('Debug'),
      command: 'mlops.debugStage',
      when: canRun && !lens.isGroup && commands.has('mlops.debugStage'),
    },
  ];
  return rows
    .filter(({ when }) => when)
    .map(({ title, command }) => ({ title, ...(command === undefined ? {} : { command, target }) }));
}

function describeLens(lens: StageLens, now: number, t: Translate): string {
  const end = describeEnd(lens, now, t);
  // That the last of them ended well says nothing of a group.
  if (lens.isGroup && lens.state !== null)
    return [describeGroup(lens.state, lens, t), ...((lens.last?.failure ?? null) === null ? [] : [end])].join(' · ');
  if (lens.state === 'running' || end === '') return describeState(lens, t);
  // "fresh" says nothing that "succeeded" does not say.
  return lens.state === 'fresh' || lens.state === 'failed' ? end : `${describeState(lens, t)} · ${end}`;
}

function describeState(lens: StageLens, t: Translate): string {
  if (lens.state === 'stale') return describeReasons(lens.reasons, t);
  if (lens.state === 'blocked') return describeWait(lens.waitsFor, t);
  return nameStageState(lens.state ?? 'fresh', t);
}

function describeReasons(reasons: StageLens['reasons'], t: Translate): string {
  const [first, ...others] = reasons.map(describeReason);
  if (first === undefined) return t('stale');
  return others.length === 0 ? t('stale: {0}', first) : t('stale: {0} and {1} more', first, others.length);
}

function describeEnd({ last, seconds, isGroup }: StageLens, now: number, t: Translate): string {
  if (last === null) return '';
  const age = formatAge(now - last.at, t);
  // That some of a group have failed is said already.
  if (last.failure !== null) return isGroup ? `${last.failure} · ${age}` : t('failed: {0} · {1}', last.failure, age);
  return seconds === null ? t('succeeded · {0}', age) : t('succeeded {0} · {1}', formatDuration(seconds), age);
}

const MINUTE_MS = 60_000;

function formatAge(ms: number, t: Translate): string {
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes < 1) return t('just now');
  if (minutes < 60) return t('{0} min ago', minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return t('{0} h ago', hours);
  const days = Math.floor(hours / 24);
  return days === 1 ? t('yesterday') : t('{0} days ago', days);
}

/** Until when the words about a time are right, in milliseconds from now; undefined when nothing tells of a recent time. */
export function wordsLast(lenses: readonly StageLens[], now: number): number | undefined {
  const recent = lenses.flatMap(({ last }) => (last !== null && now - last.at < 60 * MINUTE_MS ? [now - last.at] : []));
  return recent.length === 0 ? undefined : Math.min(...recent.map((age) => MINUTE_MS - (Math.max(0, age) % MINUTE_MS)));
}

/** Paragraphs of plain text, the first of them the name of what is explained. */
export function toHoverTexts(hover: Hover, t: Translate): readonly string[] {
  switch (hover.kind) {
    case 'key':
      return [hover.key, t(hover.description)];
    case 'path':
      return [hover.path, ...describePath(hover, t)];
    case 'variable':
      return [
        '${' + hover.name + '}',
        ...hover.sources.map(({ value, file, line }) =>
          line === null ? t('{0} · from {1}', value, file) : t('{0} · from {1}, line {2}', value, file, line),
        ),
        ...(hover.sources.length === 0 ? [t('Nothing has this name.')] : []),
      ];
    case 'param':
      return [
        hover.key,
        hover.current === null
          ? t('{0} has no such param.', hover.paramsFile)
          : t('Now {0}, in {1}', hover.current, hover.paramsFile),
        hover.locked === null
          ? t('No value is locked yet: the stage has not run with it.')
          : hover.locked === hover.current
            ? t('The stage has run with this value.')
            : t('The stage last ran with {0}.', hover.locked),
      ];
  }
}

function describePath(
  { size, state, madeBy, usedBy }: Extract<Hover, { kind: 'path' }>,
  t: Translate,
): readonly string[] {
  const extent =
    size === null
      ? t('Nothing is there.')
      : size === 'many'
        ? t('many files')
        : size.files === 1
          ? formatBytes(size.bytes)
          : t('{0} files, {1}', size.files, formatBytes(size.bytes));
  return [
    state === null ? extent : `${extent} · ${nameState(state, t)}`,
    ...(madeBy.length === 0 ? [] : [t('Made by {0}', madeBy.join(', '))]),
    ...(usedBy.length === 0 ? [] : [t('Read by {0}', usedBy.join(', '))]),
  ];
}

function nameState(state: PathState, t: Translate): string {
  switch (state) {
    case 'fresh':
      return t('fresh');
    case 'stale':
      return t('stale');
    case 'modified':
      return t('modified');
    case 'missing':
      return t('missing');
    case 'not-in-cache':
      return t('not in the cache');
  }
}

/** At most two characters, a colour of the theme, a sentence. */
export function toBadge(
  { path, state, stage }: Decoration,
  t: Translate,
): { badge: string; color: string; tooltip: string } {
  switch (state) {
    case 'stale':
      return {
        badge: 'S',
        color: 'list.warningForeground',
        tooltip: t('Stale: {0} would make it anew', stage ?? path),
      };
    case 'modified':
      return {
        badge: 'M',
        color: 'gitDecoration.modifiedResourceForeground',
        tooltip: stage === null ? t('Changed since it was added') : t('Changed since {0} made it', stage),
      };
    case 'missing':
      return { badge: '!', color: 'list.errorForeground', tooltip: t('{0} is missing', path) };
    case 'not-in-cache':
      return { badge: 'C', color: 'list.warningForeground', tooltip: t('{0} is not in the cache', path) };
  }
}
