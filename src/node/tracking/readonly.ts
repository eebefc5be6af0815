import { ExpectedError } from '../../protocol/errors.ts';
import type { RunReader, RunStore } from './store.ts';

/**
 * A store that another program writes. What would change it is refused in the same words for all of them; `wayOn` is what to do
 * where its runs themselves are to change, as a clause behind "or".
 */
export function toReadOnlyStore(reader: RunReader, wayOn: string): RunStore {
  const refuse = (): Promise<never> => {
    const message = `${reader.uri} can only be read here. Choose a folder for new runs (--store file:models/mlruns), or ${wayOn}.`;
    return Promise.reject(new ExpectedError('not-supported', message));
  };
  return {
    uri: reader.uri,
    abilities: { logs: false, edits: false },
    listRuns: (query) => reader.listRuns(query),
    readHistory: (runId, metric) => reader.readHistory(runId, metric),
    ...(reader.openHistories === undefined ? {} : { openHistories: reader.openHistories.bind(reader) }),
    listArtifacts: (runId, folder) => reader.listArtifacts(runId, folder),
    readArtifact: (runId, name, reading) => reader.readArtifact(runId, name, reading),
    ...(reader.readInputs === undefined ? {} : { readInputs: reader.readInputs.bind(reader) }),
    findRun: (text) => reader.findRun(text),
    ensure: refuse,
    createRun: refuse,
    reopenRun: refuse,
    findDeletedRun: refuse,
    editRun: refuse,
    markFailed: refuse,
    repair: refuse,
  };
}
