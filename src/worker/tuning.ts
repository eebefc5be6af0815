import type { FromWorker, TuneTask } from '../protocol/training.ts';
import { closeTestSplit } from './closedTest.ts';
import { callUserFunction, loadUserModule, userMistake, type UserModule } from './userCode.ts';

/** What the model's own code says of a search: `space(config)` and `accept(params)`, both optional. Returns the last message. */
export async function askForTuning(
  { projectRoot, model, config, candidates }: TuneTask,
  send: (message: FromWorker) => void,
): Promise<FromWorker> {
  const closed = closeTestSplit({ projectRoot, model, send });
  const module = await loadUserModule(projectRoot, `src/models/${model}/hyperparameters_tuning.ts`);
  const refuses = has(module, 'accept');
  const accepted: boolean[] = [];
  for (const candidate of candidates)
    accepted.push(!refuses || (await callUserFunction(module, 'accept', [candidate])) === true);
  const space = await readSpace(module, config);
  const refused = closed.refused();
  if (refused !== undefined) throw refused;
  return { type: 'tuned', space, accepted, refuses };
}

async function readSpace(module: UserModule, config: TuneTask['config']): Promise<Record<string, unknown> | null> {
  if (!has(module, 'space')) return null;
  const space = await callUserFunction(module, 'space', [config]);
  if (typeof space !== 'object' || space === null || Array.isArray(space))
    throw userMistake(module, 'space', 'must return a mapping from names to the values to try.');
  return { ...space };
}

function has(module: UserModule, name: string): boolean {
  return module.exports[name] !== undefined;
}
