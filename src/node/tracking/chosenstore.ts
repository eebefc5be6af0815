import type { Invocation, OptionSpec } from '../commandline/commandline.ts';
import type { ObjectiveOf } from '../../core/tracking/tracking.ts';
import type { RunStore } from './store.ts';
import { openChosenStore, readObjectives } from './tracking.ts';

/** The option of every command on runs. */
export const storeOption: OptionSpec = {
  type: 'string',
  value: 'URI',
  summary: "the tracking store (default: the project's)",
};

export async function openStoreOf(invocation: Invocation): Promise<RunStore> {
  const { options, env, cwd } = invocation;
  return openChosenStore({ project: await invocation.findProject(), option: options.text('store'), env, cwd });
}

/** The objectives of the project; outside of one nothing says what is better. */
export async function readObjectivesOf(invocation: Invocation): Promise<ObjectiveOf> {
  const project = await invocation.findProject();
  return project === undefined ? () => null : readObjectives(project);
}
