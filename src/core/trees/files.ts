import type { ConfigOutline, DataEntry } from '../../protocol/engine.ts';
import { hasErrors } from '../../protocol/problem.ts';
import { toAbsolute, toProblemEntry, type EntryIcon, type Translate, type TreeEntry } from './entry.ts';

/** The Configs view: files, below them problems, sections and values; every one leads to its line. */
export function toConfigEntries(
  configs: readonly ConfigOutline[],
  project: string,
  t: Translate,
): readonly TreeEntry[] {
  return configs.map((config) => {
    const errors = config.problems.filter(({ severity }) => severity === 'error').length;
    const id = `config:${project}:${config.file}`;
    return {
      id,
      label: config.file.split(/[\\/]/).at(-1) ?? config.file,
      description: describeConfig(config, errors, t),
      icon: configIcon(config),
      tooltip: [config.file, ...config.problems.map(({ line, message }) => `${line}: ${message}`)],
      context: errors > 0 ? 'config broken' : 'config',
      target: { kind: 'config', project, model: config.model, file: config.file },
      opens: { file: toAbsolute(project, config.file) },
      children: () => [
        ...config.problems.map((problem) => toProblemEntry(problem, project, t)),
        ...config.sections.map((section) => ({
          id: `${id}:${section.name}`,
          label: section.name,
          description: '',
          icon: { id: 'symbol-namespace' },
          tooltip: [`${config.file}:${section.line}`],
          context: 'config-section',
          opens: { file: toAbsolute(project, config.file), line: section.line },
          children: () =>
            section.entries.map(({ key, value, line }) => ({
              id: `${id}:${section.name}:${key}`,
              label: key,
              description: value,
              tooltip: [`${section.name}.${key}: ${value}`],
              context: 'config-value',
              opens: { file: toAbsolute(project, config.file), line },
            })),
        })),
      ],
    };
  });
}

function describeConfig({ problems, sections }: ConfigOutline, errors: number, t: Translate): string {
  if (errors > 0) return errors === 1 ? t('1 problem') : t('{0} problems', errors);
  const kind = sections.find(({ name }) => name === 'model')?.entries.find(({ key }) => key === 'name')?.value;
  const warnings =
    problems.length === 0 ? '' : problems.length === 1 ? t('1 warning') : t('{0} warnings', problems.length);
  return [kind, warnings].filter((part) => part !== undefined && part !== '').join(' · ');
}

function configIcon({ problems }: ConfigOutline): EntryIcon {
  if (hasErrors(problems)) return { id: 'error', color: 'problemsErrorIcon.foreground' };
  if (problems.length > 0) return { id: 'warning', color: 'problemsWarningIcon.foreground' };
  return { id: 'settings' };
}

const dataIcons: Readonly<Record<'tracked' | 'modified' | 'missing' | 'none', EntryIcon | undefined>> = {
  tracked: { id: 'database', color: 'testing.iconPassed' },
  modified: { id: 'diff-modified', color: 'list.warningForeground' },
  missing: { id: 'diff-removed', color: 'testing.iconFailed' },
  none: undefined,
};

/** The Data view, one level; `list` is asked for a folder's entries when it is opened. */
export function toDataEntries(
  entries: readonly DataEntry[],
  project: string,
  t: Translate,
  list: (folder: string) => Promise<readonly DataEntry[]>,
): readonly TreeEntry[] {
  return entries.map((entry) => {
    const isFolder = entry.kind === 'folder';
    const description = describeData(entry, t);
    return {
      id: `data:${project}:${entry.path}`,
      label: entry.name,
      description,
      icon: dataIcons[entry.state ?? 'none'] ?? { id: isFolder ? 'folder' : 'file' },
      tooltip: [entry.path, description],
      context: 'data',
      target: { kind: 'data', project, path: entry.path },
      ...(isFolder
        ? { children: async () => toDataEntries(await list(entry.path), project, t, list) }
        : entry.state === 'missing'
          ? {}
          : { opens: { file: toAbsolute(project, entry.path) } }),
    };
  });
}

function describeData({ kind, files, bytes, state }: DataEntry, t: Translate): string {
  const count =
    kind === 'file' ? '' : files === null ? t('many files') : files === 1 ? t('1 file') : t('{0} files', files);
  return [count, bytes === null ? '' : formatBytes(bytes), nameDataState(state, t)]
    .filter((part) => part !== '')
    .join(' · ');
}

function nameDataState(state: DataEntry['state'], t: Translate): string {
  switch (state) {
    case 'tracked':
      return t('tracked');
    case 'modified':
      return t('modified');
    case 'missing':
      return t('missing');
    case null:
      return '';
  }
}

/** Decimal units, as disks are sold: 1.7 MB. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? 'B'}`;
}
