import path from 'node:path';
import { parseDataset, parseLoggedModel, parseRunLink, type RunLink } from '../../core/tracking/tracking.ts';
import type { RunInputs } from '../../protocol/tracking.ts';
import { diskError, isDirectory } from '../files/files.ts';
import type { ModelRoot } from './artifacts.ts';
import { listDirectories, tryReadFile } from './entries.ts';
import { folderOfUri } from './uri.ts';

// What stands beside a run in its experiment and belongs to it: data sets that it was given, models that it logged (MLflow 3).

/** Ids become names of folders. */
const MODEL_ID = /^m-[0-9a-f]{32}$/;
const DATASET_ID = /^[0-9a-f]{1,64}$/;

/** Of a run in MLflow's file layout. */
export async function findLoggedModels(runFolder: string): Promise<readonly ModelRoot[]> {
  const models = path.join(path.dirname(runFolder), 'models');
  const ids = readLinks(path.join(runFolder, 'outputs')).map(({ destinationId, sourceId }) =>
    MODEL_ID.test(destinationId) ? destinationId : sourceId,
  );
  const found = [...new Set(ids)].filter((id) => MODEL_ID.test(id)).map((id) => findModel(path.join(models, id)));
  return (await Promise.all(found)).flat();
}

/** The place that its meta names is absolute, and breaks when the store is moved: its own folder goes first. */
async function findModel(folder: string): Promise<readonly ModelRoot[]> {
  const { name, artifactLocation } = parseLoggedModel(tryReadFile(path.join(folder, 'meta.yaml')).text ?? '');
  const named = folderOfUri(artifactLocation);
  for (const place of [path.join(folder, 'artifacts'), ...(named === undefined ? [] : [named])])
    if (await isDirectory(place)) return [{ modelId: path.basename(folder), name, folder: place }];
  return [];
}

/** Of a run in MLflow's file layout. */
export function readLinkedInputs(runFolder: string): RunInputs {
  const links = readLinks(path.join(runFolder, 'inputs'));
  const datasets = path.join(path.dirname(runFolder), 'datasets');
  return {
    datasets: links.flatMap(({ sourceId, context }) => {
      if (!DATASET_ID.test(sourceId)) return [];
      const dataset = parseDataset(tryReadFile(path.join(datasets, sourceId, 'meta.yaml')).text ?? '');
      return dataset === undefined ? [] : [{ ...dataset, context }];
    }),
    models: links.flatMap(({ sourceId }) => (MODEL_ID.test(sourceId) ? [sourceId] : [])),
  };
}

function readLinks(folder: string): readonly RunLink[] {
  return listLinks(folder).flatMap((name) => {
    const link = parseRunLink(tryReadFile(path.join(folder, name, 'meta.yaml')).text ?? '');
    return link === undefined ? [] : [link];
  });
}

function listLinks(folder: string): readonly string[] {
  try {
    return listDirectories(folder);
  } catch (error) {
    throw diskError(error, folder);
  }
}
