import type { io } from '@tensorflow/tfjs-core';
import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isInside, isMissing, writeFileAtomic } from '../node/files/files.ts';
import { ExpectedError } from '../protocol/errors.ts';
import { buildWithinLimits } from './building.ts';
import { parseTopology } from './topology.ts';
import type { LayersModel, TensorFlow } from './tensorflow.ts';

// A model on disk, in TensorFlow.js' layers format: `model.json` (topology and a manifest of weights) and `weights.bin`.
// Reading trusts nothing: a model file may come from anywhere, and the packages' own loader follows `../` in weight paths,
// allocates what a specification claims and lets a second weight of the same name win.

const MODEL_FILE = 'model.json';
const WEIGHTS_FILE = 'weights.bin';

/** Parsed, JSON can take twenty times its bytes. */
const maxModelBytes = 8 * 2 ** 20;
const maxWeightBytes = 2 ** 30;
const maxWeights = 10_000;
const maxRank = 8;

/** Bytes per element of the types that a model of ours, or one quantized by the field's converter, may have. */
const elementBytes: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
};

/**
 * Writes the model into `directory`: the weights first, `model.json` last and with the weights' SHA-256, each file whole or
 * not at all. A folder without `model.json` holds no model, and one whose weights were exchanged is refused by the reader.
 */
export async function writeModel(tf: TensorFlow, model: LayersModel, directory: string): Promise<void> {
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const weights = joinBuffers(artifacts.weightData);
    await writeFileAtomic(path.join(directory, WEIGHTS_FILE), weights);
    const document = {
      format: 'layers-model',
      generatedBy: artifacts.generatedBy ?? null,
      convertedBy: null,
      modelTopology: artifacts.modelTopology,
      weightsManifest: [{ paths: [WEIGHTS_FILE], weights: artifacts.weightSpecs ?? [] }],
      userDefinedMetadata: { weightsSha256: digestOf(weights) },
    };
    await writeFileAtomic(path.join(directory, MODEL_FILE), `${JSON.stringify(document)}\n`);
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await model.save(handler);
}

/** Loads a model folder, after checks. Throws an {@link ExpectedError} `corrupt` with the reason for anything suspicious. */
export async function readModel(tf: TensorFlow, directory: string): Promise<LayersModel> {
  const artifacts = await readModelArtifacts(directory);
  try {
    const elements = (artifacts.weightSpecs ?? []).reduce((sum, { shape }) => sum + elementsOf(shape), 0);
    return await buildWithinLimits(tf, elements, () => tf.loadLayersModel(tf.io.fromMemory(artifacts)));
  } catch (error) {
    // Some messages of the packages hold the whole topology.
    throw corrupt(directory, (error instanceof Error ? error.message : String(error)).slice(0, 500));
  }
}

/** The checked content of a model folder, without building the model. */
export async function readModelArtifacts(directory: string): Promise<io.ModelArtifacts> {
  const fail = (reason: string): ExpectedError => corrupt(directory, reason);
  const document = await readDocument(directory, fail);
  if (!isRecord(document['modelTopology'])) throw fail('it has no topology of layers.');
  const parsed = parseTopology(document['modelTopology']);
  if ('problem' in parsed) throw fail(parsed.problem);
  const groups = readManifest(document['weightsManifest'], fail);
  const specs = groups.flatMap((group) => group.specs);
  checkNames(specs, fail);

  const weights: Uint8Array[] = [];
  for (const group of groups) weights.push(...(await readGroup(directory, group, fail)));
  const bytes = Buffer.concat(weights);
  const metadata = document['userDefinedMetadata'];
  const digest = isRecord(metadata) ? metadata['weightsSha256'] : undefined;
  if (typeof digest === 'string' && digest !== digestOf(bytes))
    throw fail('its weights are not the ones it was saved with.');
  return {
    modelTopology: parsed.topology,
    format: 'layers-model',
    weightSpecs: specs.map(({ raw }) => raw) as io.WeightsManifestEntry[],
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
  };
}

type Fail = (reason: string) => ExpectedError;

function corrupt(directory: string, reason: string): ExpectedError {
  return new ExpectedError('corrupt', `${directory} holds no usable model: ${reason}`);
}

async function readDocument(directory: string, fail: Fail): Promise<Readonly<Record<string, unknown>>> {
  const file = path.join(directory, MODEL_FILE);
  const size = await sizeOf(file);
  if (size === undefined)
    throw new ExpectedError(
      'missing-file',
      `There is no model in ${directory}: ${MODEL_FILE} is missing. Train it first.`,
    );
  if (size > maxModelBytes) throw fail(`${MODEL_FILE} is larger than ${maxModelBytes} bytes.`);
  let document: unknown;
  try {
    document = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw fail(`${MODEL_FILE} is not JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  if (!isRecord(document)) throw fail(`${MODEL_FILE} is not a mapping.`);
  const format = document['format'];
  if (format !== undefined && format !== 'layers-model')
    throw fail(`its format is ${JSON.stringify(format).slice(0, 60)}; only layers-model can be loaded.`);
  return document;
}

interface WeightSpec {
  readonly name: string;
  readonly bytes: number;
  readonly raw: unknown;
}

interface WeightGroup {
  readonly paths: readonly string[];
  readonly specs: readonly WeightSpec[];
  readonly bytes: number;
}

function readManifest(manifest: unknown, fail: Fail): readonly WeightGroup[] {
  if (!Array.isArray(manifest)) throw fail('it has no manifest of weights.');
  const count = manifest.reduce<number>(
    (sum, group) => sum + (isRecord(group) && Array.isArray(group['weights']) ? group['weights'].length : 0),
    0,
  );
  if (count > maxWeights) throw fail(`it has ${count} weights, more than ${maxWeights}.`);
  const groups = manifest.map((group) => readWeightGroup(group, fail));
  const bytes = groups.reduce((sum, group) => sum + group.bytes, 0);
  if (bytes > maxWeightBytes) throw fail(`its weights take ${bytes} bytes, more than ${maxWeightBytes}.`);
  return groups;
}

function readWeightGroup(group: unknown, fail: Fail): WeightGroup {
  const paths = isRecord(group) ? group['paths'] : undefined;
  const weights = isRecord(group) ? group['weights'] : undefined;
  if (!Array.isArray(paths) || !Array.isArray(weights)) throw fail('its manifest of weights is damaged.');
  const specs = weights.map((spec) => readSpec(spec, fail));
  return {
    paths: paths.map((file) => checkWeightPath(file, fail)),
    specs,
    bytes: specs.reduce((sum, spec) => sum + spec.bytes, 0),
  };
}

function readSpec(spec: unknown, fail: Fail): WeightSpec {
  const { name, shape, dtype, quantization } = isRecord(spec) ? spec : {};
  if (typeof name !== 'string' || name === '' || name.length > 1000) throw fail('a weight has no name.');
  const label = JSON.stringify(name).slice(0, 100);
  if (!isShape(shape)) throw fail(`the weight ${label} has no sensible shape.`);
  const size = bytesOf(isRecord(quantization) ? quantization['dtype'] : dtype);
  if (size === undefined || bytesOf(dtype) === undefined)
    throw fail(`the weight ${label} is of a type that is not accepted.`);
  const bytes = elementsOf(shape) * size;
  if (!Number.isSafeInteger(bytes) || bytes > maxWeightBytes) throw fail(`the weight ${label} is too large.`);
  return { name, bytes, raw: spec };
}

function isShape(shape: unknown): shape is number[] {
  return (
    Array.isArray(shape) && shape.length <= maxRank && shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0)
  );
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

function bytesOf(dtype: unknown): number | undefined {
  return typeof dtype === 'string' && Object.hasOwn(elementBytes, dtype) ? elementBytes[dtype] : undefined;
}

function checkNames(specs: readonly WeightSpec[], fail: Fail): void {
  const seen = new Set<string>();
  for (const { name } of specs) {
    if (seen.has(name)) throw fail(`it has two weights of the name ${JSON.stringify(name).slice(0, 100)}.`);
    seen.add(name);
  }
}

/** A plain relative path below the model's folder: no `..`, no root, no drive, no URL, on any system. */
function checkWeightPath(file: unknown, fail: Fail): string {
  const isPlain =
    typeof file === 'string' &&
    file !== '' &&
    file.length < 1000 &&
    !/[\\:\0]/.test(file) &&
    file.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isPlain) throw fail(`its weights lie outside of its folder (${JSON.stringify(file).slice(0, 100)}).`);
  return file;
}

/** The group's files; together they must have exactly the bytes that its weights declare. */
async function readGroup(directory: string, group: WeightGroup, fail: Fail): Promise<Uint8Array[]> {
  const root = await realpath(directory);
  const files: string[] = [];
  let found = 0;
  for (const name of group.paths) {
    const file = await realpath(path.join(root, name)).catch((error: unknown) => {
      throw isMissing(error) ? fail(`its weights ${name} are missing.`) : error;
    });
    if (!isInside(root, file)) throw fail(`its weights lie outside of its folder (${name}).`);
    found += (await sizeOf(file)) ?? 0;
    files.push(file);
  }
  if (found !== group.bytes) throw fail(`its weights have ${found} bytes where ${group.bytes} are declared.`);
  const contents: Uint8Array[] = [];
  for (const file of files) contents.push(await readFile(file));
  return contents;
}

/** Bytes of a regular file; undefined for anything else. */
async function sizeOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    (stats) => (stats.isFile() ? stats.size : undefined),
    () => undefined,
  );
}

function joinBuffers(data: ArrayBuffer | ArrayBuffer[] | undefined): Uint8Array {
  return Buffer.concat([data ?? []].flat().map((buffer) => new Uint8Array(buffer)));
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
