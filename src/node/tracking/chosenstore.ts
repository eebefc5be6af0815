import type { Invocation, OptionSpec } from '../commandline/commandline.ts';
import type { ObjectiveOf } from '../../core/tracking/tracking.ts';
import type { RunStore } from './store.ts';
import { readObjectives } from './settings.ts';
import { openStores } from './stores.ts';

/** The option of every command on runs. */
export const storeOption: OptionSpec = {
  type: 'string',
  value: 'URI',
  summary: "the only tracking store to look at (default: the project's)",
};

/** The stores of the project as one, or the only one that --store or the environment names. */
export async function openStoreOf(invocation: Invocation): Promise<RunStore> {
  const { options, env, cwd } = invocation;
  return openStores({ project: await invocation.findProject(), option: options.text('store'), env, cwd });
}

/** The objectives of the project; outside of one nothing says what is better. */
export async function readObjectivesOf(invocation: Invocation): Promise<ObjectiveOf> {
  const project = await invocation.findProject();
  return project === undefined ? () => null : readObjectives(project);
}
