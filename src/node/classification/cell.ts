import type { ChosenExamples } from '../../core/classification/classification.ts';
import type { CellExample, CellExamples } from '../../protocol/answers.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import type { Installation } from '../installation/installation.ts';
import type { Project } from '../project/project.ts';
import type { RunStore } from '../tracking/tracking.ts';
import { chooseFromRun, type CellChoice } from './choosing.ts';
import { lookUp, type Found } from './lookup.ts';

export interface CellOptions {
  /** Examples that are told of. */
  readonly most: number;
  readonly installation: Installation;
  readonly env: NodeJS.ProcessEnv;
  /** Else no code of the project is run. */
  readonly isTrusted: boolean;
  readonly signal: AbortSignal;
}

interface CellOfRun {
  readonly store: Pick<RunStore, 'readArtifact'>;
  readonly run: RunSummary;
  readonly cell: CellChoice;
}

/**
 * Examples that a run's model took for a class, with what it was given, as far as the project's data still are those that the run was tested on. Why they
 * are not is told in the note, and the examples by their numbers all the same.
 */
export async function readCell(
  project: Project,
  { store, run, cell }: CellOfRun,
  options: CellOptions,
): Promise<CellExamples> {
  const chosen = await chooseFromRun(store, run, { ...cell, most: options.most });
  const { split, total, examples } = chosen;
  const { found, note } = total === 0 ? nothing : await lookUpIfAllowed(project, { run, chosen }, options);
  return {
    ...{ split, total, note },
    examples: examples.map(({ number, probability }): CellExample => ({
      ...{ number, probability, picture: null, values: new Float64Array(0) },
      ...found.get(number),
    })),
  };
}

interface LookedUp {
  readonly found: ReadonlyMap<number, Found>;
  readonly note: string | null;
}

const nothing: LookedUp = { found: new Map(), note: null };

async function lookUpIfAllowed(
  project: Project,
  what: { readonly run: RunSummary; readonly chosen: ChosenExamples },
  options: CellOptions,
): Promise<LookedUp> {
  if (!options.isTrusted)
    return { ...nothing, note: 'They are shown in a trusted folder only: the project’s own code reads them.' };
  try {
    return await lookUp(project, what, options);
  } catch (error) {
    if (options.signal.aborted) return { ...nothing, note: 'Reading them took too long and was stopped.' };
    if (error instanceof ExpectedError) return { ...nothing, note: `They can’t be read. ${error.message}` };
    throw error;
  }
}
