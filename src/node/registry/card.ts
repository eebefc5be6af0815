import { parseHistory } from '../../core/registry/registry.ts';
import { formatInspection } from '../../core/inspect/inspect.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { isShownTag, type ModelVersion, type RegisteredModel } from '../../protocol/registry.ts';
import { toOneLine } from '../../protocol/text.ts';
import { inspectModel } from '../inspect/inspect.ts';
import { openChosenStore, type StoreChoice } from '../tracking/tracking.ts';
import { findVersion, namesVersion } from './finding.ts';
import { openChosenRegistry } from './opening.ts';
import { findModelPlace, placeOf } from './places.ts';

/**
 * What is known of a model, in Markdown: for a registered version what the registry says and who moved aliases to it, then what its files say
 * of themselves. Files that are not on this machine are said to be elsewhere.
 */
export async function readModelCard(choice: StoreChoice, text: string): Promise<string> {
  if (!namesVersion(text)) return formatInspection(await inspectModel(await findModelPlace(choice, text)));
  const [registry, runs] = await Promise.all([openChosenRegistry(choice), openChosenStore(choice)]);
  const { model, version } = await findVersion(registry, runs, text);
  return `${formatVersion(model, version)}\n${await inspectFiles(model, version)}`;
}

async function inspectFiles({ name }: RegisteredModel, version: ModelVersion): Promise<string> {
  try {
    return formatInspection(await inspectModel(await placeOf(version, `${name}/${version.version}`)));
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'missing-file') return `${toOneLine(error.message)}\n`;
    throw error;
  }
}

function formatVersion(model: RegisteredModel, version: ModelVersion): string {
  const aliases = Object.entries(model.aliases).flatMap(([alias, at]) => (at === version.version ? [alias] : []));
  const created = version.createdTime === null ? null : new Date(version.createdTime).toISOString();
  const facts: readonly (readonly [string, string | null])[] = [
    ['Aliases', aliases.length === 0 ? null : aliases.join(', ')],
    ['Stage', version.stage],
    ['Created', created],
    ['Run', version.runId],
    ['Source', version.source],
    ['Description', version.description],
    ...Object.entries(version.tags)
      .filter(([name]) => isShownTag(name))
      .map(([name, value]) => [`Tag ${toOneLine(name)}`, value] as const),
  ];
  const rows = facts.flatMap(([title, value]) => (value === null ? [] : [`- ${title}: ${toOneLine(value)}`]));
  const moves = parseHistory(model.tags)
    .filter(({ from, to }) => from === version.version || to === version.version)
    .map(({ alias, from, to, time, user, reason }) => {
      const why = reason === null ? '' : `: ${reason}`;
      return `- ${new Date(time).toISOString()} ${alias} ${from ?? '–'} → ${to ?? '–'}, ${toOneLine(user + why)}`;
    });
  const history = moves.length === 0 ? [] : ['', '## Moves of aliases', '', ...moves];
  return [`# ${toOneLine(model.name)}, version ${version.version}`, '', ...rows, ...history, ''].join('\n');
}
