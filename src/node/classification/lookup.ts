import { createHash } from 'node:crypto';
import type { ChosenExamples } from '../../core/classification/classification.ts';
import type { CellExample } from '../../protocol/answers.ts';
import { badInput } from '../../protocol/errors.ts';
import { fromWireNumber, type ExamplesTask, type FromWorker } from '../../protocol/training.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import type { Installation } from '../installation/installation.ts';
import type { Project } from '../project/project.ts';
import { askWorker, findData, readConfig, type ResolvedConfig } from '../training/training.ts';

/** What an example is, beside its number and answer. */
export type Found = Pick<CellExample, 'picture' | 'values'>;

interface LookUpOptions {
  readonly installation: Installation;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * Examples by the project's own dataloader as it is now. They are those that the run answered only if their split has as many examples and the same labels:
 * where it has not, that is thrown as `bad-input`.
 */
export async function lookUp(
  project: Project,
  { run, chosen }: { readonly run: RunSummary; readonly chosen: ChosenExamples },
  options: LookUpOptions,
): Promise<{ readonly found: ReadonlyMap<number, Found>; readonly note: string | null }> {
  const file = run.tags['mlops.config'];
  if (file === undefined)
    throw badInput('The run was not made by "mlops train": nothing says which code reads its data.');
  const config = await readConfig(project, file, { cwd: project.root });
  const found = new Map<number, Found>();
  const task: ExamplesTask = {
    ...{ kind: 'examples', projectRoot: project.root, model: config.model, config: { ...config.config } },
    ...{ split: toSplit(chosen.split), numbers: chosen.examples.map(({ number }) => number) },
  };
  const split = await askWorker(task, 'examplesRead', { ...options, cwd: project.root }, (message) => {
    if (message.type === 'example') found.set(message.number, toFound(message));
  });
  requireSame(chosen, split);
  const unsure =
    chosen.labels === null ? 'Not all of the run’s answers can be read: these may be other examples.' : null;
  return { found, note: unsure ?? (await noteOfData(project, { run, config }, options)) };
}

function toSplit(name: string): ExamplesTask['split'] {
  if (name === 'train' || name === 'validation' || name === 'test') return name;
  throw badInput(`The split "${name}" is none that a dataloader is asked for.`);
}

function toFound({ picture, values }: Extract<FromWorker, { type: 'example' }>): Found {
  return {
    picture: picture === null ? null : { ...picture, pixels: new Uint8Array(Buffer.from(picture.pixels, 'base64')) },
    values: Float64Array.from(values, fromWireNumber),
  };
}

function requireSame(
  { split, labels }: ChosenExamples,
  { count, labelled, digest }: Extract<FromWorker, { type: 'examplesRead' }>,
): void {
  if (labels === null) return;
  const since = `The ${split} split is not what the run was tested on any more`;
  if (count !== labels.length) throw badInput(`${since}: it has ${count} examples, the run answered ${labels.length}.`);
  const own = labels.slice(0, labelled).map((label) => String(Number(label.toPrecision(8))));
  if (createHash('sha256').update(own.join('\n')).digest('hex') !== digest)
    throw badInput(`${since}: its labels are others, or in another order.`);
}

/** Labels may be the same while the rest has changed: the hash that the run kept of its data says so. */
async function noteOfData(
  project: Project,
  { run, config }: { readonly run: RunSummary; readonly config: ResolvedConfig },
  { env, signal }: LookUpOptions,
): Promise<string | null> {
  const kept = run.tags['mlops.data'];
  if (kept === undefined) return null;
  const { data } = await findData(project, { file: config.config.data.dataset_path, env, signal, isInStage: false });
  return data === undefined || data.md5 === kept
    ? null
    : 'The data have changed since the run; their labels are the same.';
}
