import type { ModelFolder } from '../../protocol/engine.ts';
import type { ModelVersion, RegisteredModel, RegistryList } from '../../protocol/registry.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { formatValue } from '../charts/charts.ts';
import type { Translate, TreeEntry } from './entry.ts';

interface Words {
  readonly t: Translate;
  readonly formatDate: (time: number) => string;
}

interface ModelFacts {
  /** Trained models: what stands in `models/`. */
  readonly folders: readonly ModelFolder[];
  readonly registry: RegistryList;
  readonly runs: readonly RunSummary[];
}

/** The Models view: registered models with their versions, what of the registry can't be read, then what stands in `models/`. */
export function toModelEntries(
  { folders, registry, runs }: ModelFacts,
  project: string,
  words: Words,
): readonly TreeEntry[] {
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const of = { project, byId, releases: indexReleases(registry), ...words };
  return [
    ...registry.models.map((model) => toRegisteredEntry(model, of)),
    ...registry.problems.map(({ file, message }) => ({
      id: `registry-problem:${project}:${file}:${message}`,
      label: message,
      description: file,
      state: words.t('warning'),
      icon: { id: 'warning', color: 'problemsWarningIcon.foreground' },
      tooltip: [file, message],
      context: 'problem',
    })),
    ...folders.map((folder) => toFolderEntry(folder, of)),
  ];
}

/** The release in git that names a version, by {@link versionKey}. */
function indexReleases({ models }: RegistryList): ReadonlyMap<string, string> {
  return new Map(
    models
      .filter(({ origin }) => origin === 'git')
      .flatMap(({ name, versions }) =>
        versions.flatMap(({ version, tags }) => {
          const tag = tags['git.tag'];
          return tag === undefined ? [] : [[versionKey(name, version), tag] as const];
        }),
      ),
  );
}

function versionKey(model: string, version: string): string {
  return `${version} ${model}`;
}

interface Surroundings extends Words {
  readonly project: string;
  readonly byId: ReadonlyMap<string, RunSummary>;
  readonly releases: ReadonlyMap<string, string>;
}

function toRegisteredEntry(model: RegisteredModel, of: Surroundings): TreeEntry {
  const { project, t } = of;
  const { name, versions, aliases, description, origin } = model;
  const place = origin === 'git' ? [t('releases in git')] : [];
  const count = versions.length === 1 ? t('1 version') : t('{0} versions', versions.length);
  const inUse = Object.entries(aliases).map(([alias, version]) => `${alias} ${version}`);
  return {
    // A model may be in the store and in releases: two rows of one name.
    id: `registered:${origin}:${project}:${name}`,
    label: name,
    description: [...place, count, ...inUse].join(' · '),
    icon: { id: origin === 'git' ? 'git-commit' : 'library' },
    tooltip: [name, ...place, description ?? '', count, ...inUse],
    context: 'registered-model',
    target: { kind: 'registered', project, name },
    children: () => versions.map((version) => toVersionEntry(model, version, of)),
  };
}

function toVersionEntry(model: RegisteredModel, version: ModelVersion, of: Surroundings): TreeEntry {
  const { project, byId, releases, t, formatDate } = of;
  const release = releases.get(versionKey(model.name, version.version));
  const aliases = Object.entries(model.aliases).flatMap(([alias, at]) => (at === version.version ? [alias] : []));
  const run = version.runId === null ? undefined : byId.get(version.runId);
  const accuracy = run?.metrics['test_accuracy']?.last.value;
  const facts = [
    aliases.map((alias) => `@${alias}`).join(' '),
    version.stage === null ? '' : t('stage {0}', version.stage),
    release === undefined ? '' : t('released as {0}', release),
    accuracy === undefined ? '' : t('accuracy {0}', formatValue(accuracy)),
    version.createdTime === null ? '' : formatDate(version.createdTime),
  ].filter((part) => part !== '');
  const id = `version:${model.origin}:${project}:${model.name}:${version.version}`;
  return {
    id,
    label: t('Version {0}', version.version),
    description: facts.join(' · '),
    icon: aliases.length === 0 ? { id: 'tag' } : { id: 'verified-filled', color: 'testing.iconPassed' },
    tooltip: [`${model.name}/${version.version}`, ...facts, version.description ?? '', version.source],
    context: 'model-version',
    target: { kind: 'version', project, name: model.name, version: version.version },
    ...(run === undefined ? {} : { children: () => [toRunLink(run, id, project, t)] }),
  };
}

/** The run that a version comes from: its chart is a click away. */
function toRunLink(run: RunSummary, parent: string, project: string, t: Translate): TreeEntry {
  return {
    id: `${parent}:run`,
    label: t('Run {0}', run.name),
    description: run.experiment,
    icon: { id: 'graph-line' },
    tooltip: [run.name, run.runId, run.experiment],
    context: 'version-run',
    target: { kind: 'run', project, runId: run.runId },
  };
}

/** A trained model, with the accuracy of the run that made it. */
function toFolderEntry({ name, folder, modified, runId }: ModelFolder, of: Surroundings): TreeEntry {
  const { project, byId, t, formatDate } = of;
  const run = runId === null ? undefined : byId.get(runId);
  const accuracy = run?.metrics['test_accuracy']?.last.value;
  const parts = [accuracy === undefined ? '' : t('accuracy {0}', formatValue(accuracy)), formatDate(modified)];
  const description = parts.filter((part) => part !== '').join(' · ');
  return {
    id: `model:${project}:${name}`,
    label: name,
    description,
    icon: { id: 'package' },
    tooltip: [folder, description, ...(run === undefined ? [] : [t('Made by run {0}', run.name)])],
    context: 'model',
    target: { kind: 'model', project, model: name },
  };
}
