import { isShownTag, type ModelVersion, type RegisteredModel } from '../../protocol/registry.ts';
import type { Invocation, OptionSpec } from '../commandline/commandline.ts';
import type { StoreChoice } from '../tracking/tracking.ts';

/** The options of every command on registered models. */
export const registryOptions: Readonly<Record<string, OptionSpec>> = {
  store: {
    type: 'string',
    value: 'URI',
    summary: "the store with the registry (default: MLFLOW_REGISTRY_URI, else the project's tracking store)",
  },
};

export async function chooseFrom(invocation: Invocation): Promise<StoreChoice> {
  const { options, env, cwd } = invocation;
  return { project: await invocation.findProject(), option: options.text('store'), env, cwd };
}

/** One version, a fact a line. */
export function describeVersion(model: RegisteredModel, version: ModelVersion): string {
  const aliases = Object.entries(model.aliases).flatMap(([name, at]) => (at === version.version ? [name] : []));
  const created = version.createdTime === null ? null : new Date(version.createdTime).toISOString();
  const facts: readonly (readonly [string, string | null])[] = [
    ['Version', `${model.name}/${version.version}`],
    ['Aliases', aliases.length === 0 ? null : aliases.join(', ')],
    ['Stage', version.stage],
    ['Status', version.status],
    ['Created', created],
    ['Run', version.runId],
    ['Source', version.source],
    ['Description', version.description],
    ...Object.entries(version.tags)
      .filter(([name]) => isShownTag(name))
      .map(([name, value]) => [`Tag ${name}`, value] as const),
  ];
  return facts.flatMap(([title, value]) => (value === null ? [] : [`${title}: ${value}`])).join('\n');
}
