import type { Invocation, OptionSpec } from '../commandline/commandline.ts';
import type { ObjectiveOf } from '../../core/tracking/tracking.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { exists } from '../files/files.ts';
import type { RunStore } from './store.ts';
import { readObjectives } from './settings.ts';
import { openStores, type StoresChoice } from './stores.ts';
import { placeOfUri, toAbsoluteUri } from './uri.ts';

/** The option of every command on runs. */
export const storeOption: OptionSpec = {
  type: 'string',
  value: 'URI',
  summary: "the only tracking store to look at (default: the project's)",
};

/** The stores of the project as one, or the only one that --store or the environment names. */
export async function openStoreOf(invocation: Invocation): Promise<RunStore> {
  return openStores(await chooseStores(invocation));
}

/** What --store, the environment and the project choose. Throws `missing-file` where --store names nothing that could be looked at. */
export async function chooseStores(invocation: Invocation): Promise<StoresChoice> {
  const { options, env, cwd } = invocation;
  const option = options.text('store');
  const place = option === undefined || option === '' ? undefined : placeOfUri(toAbsoluteUri(option, cwd));
  if (place !== undefined && !(await exists(place)))
    throw new ExpectedError(
      'missing-file',
      `There is no store ${place}. "mlops stores list" shows those of the project; without --store all of them are looked at.`,
    );
  return { project: await invocation.findProject(), option, env, cwd };
}

/** The objectives of the project; outside of one nothing says what is better. */
export async function readObjectivesOf(invocation: Invocation): Promise<ObjectiveOf> {
  const project = await invocation.findProject();
  return project === undefined ? () => null : readObjectives(project);
}
