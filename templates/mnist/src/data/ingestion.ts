// Stage "ingest": puts the digits at data/raw/ and pictures from outside of the data set at data/external/test/.
//
//   mlops exec src/data/ingestion.ts                  the 10,000 digits that come with MLOps Workflow
//   mlops exec src/data/ingestion.ts --mirror URL     all 70,000, downloaded from the folder URL
//
// To keep the second, change the stage's `cmd` in dvc.yaml: the pipeline then knows that everything is to be made anew.
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

const RAW = 'data/raw';
const EXTERNAL = 'data/external/test';
/** Downloads are kept here, so that a broken one goes on where it stopped. */
const DOWNLOADS = '.mlops/tmp/downloads';

/** Our name for each file of the original data set, its name on a mirror, and the SHA-256 of its bytes. */
const FULL_SET = [
  {
    name: 'train_images.gz',
    file: 'train-images-idx3-ubyte.gz',
    sha256: '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
  },
  {
    name: 'train_labels.gz',
    file: 'train-labels-idx1-ubyte.gz',
    sha256: '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
  },
  {
    name: 'test_images.gz',
    file: 't10k-images-idx3-ubyte.gz',
    sha256: '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
  },
  {
    name: 'test_labels.gz',
    file: 't10k-labels-idx1-ubyte.gz',
    sha256: 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
  },
];

const { mirror } = parseArgs({ options: { mirror: { type: 'string' } } }).values;
const samples = process.env.MLOPS_SAMPLES;
if (samples === undefined)
  throw new Error('MLOPS_SAMPLES is not set: run this file with "mlops exec src/data/ingestion.ts".');
const packaged = join(samples, 'mnist');

mkdirSync(RAW, { recursive: true });
for (const { name, file, sha256 } of FULL_SET) {
  const source =
    mirror === undefined ? join(packaged, name) : await download(`${mirror.replace(/\/$/, '')}/${file}`, sha256);
  copyFileSync(source, join(RAW, name));
}
cpSync(join(packaged, 'external'), EXTERNAL, { recursive: true });
console.log(`The digits stand in ${RAW}, the pictures from outside in ${EXTERNAL}.`);

/** Path of the downloaded file. What an earlier, broken download left is not asked for again. */
async function download(url: string, sha256: string): Promise<string> {
  const target = join(DOWNLOADS, basename(url));
  if (existsSync(target) && hash(target) === sha256) return target;
  const part = `${target}.part`;
  mkdirSync(DOWNLOADS, { recursive: true });
  await fetchInto(part, url).catch((error) =>
    fail(
      `${url} could not be downloaded: ${reasonOf(error)}. Look at the address and the network and run it again (what has ` +
        'arrived is kept), or run it without --mirror for the 10,000 digits that come with MLOps Workflow.',
    ),
  );
  if (hash(part) !== sha256) {
    rmSync(part);
    fail(`${url} is not the file it should be: its SHA-256 is not ${sha256}. Try again, or another mirror.`);
  }
  copyFileSync(part, target);
  rmSync(part);
  return target;
}

async function fetchInto(part: string, url: string): Promise<void> {
  const start = existsSync(part) ? statSync(part).size : 0;
  const response = await fetch(url, start > 0 ? { headers: { Range: `bytes=${start}-` } } : {});
  // 416: nothing is left behind `start`, the file is whole already.
  if (response.status === 416) return;
  if (!response.ok || response.body === null)
    throw new Error(`the mirror answered ${response.status} ${response.statusText}`);
  // 206: the rest of the file. Anything else is the file from its start, whatever we asked for.
  let done = response.status === 206 ? start : 0;
  if (done === 0) writeFileSync(part, '');
  const total = done + Number(response.headers.get('content-length') ?? 0);
  let shown = done;
  for await (const piece of response.body) {
    appendFileSync(part, piece);
    done += piece.length;
    if (done - shown < total / 10 && done !== total) continue;
    shown = done;
    console.log(`${basename(url)}: ${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`);
  }
}

/** What fetch throws says only that it failed; why stands in its cause. */
function reasonOf(error: Error & { cause?: { message?: string; code?: string } }): string {
  return error.cause?.message || error.cause?.code || error.message;
}

/** Ends the stage with a sentence: it is the network's fault or the address's, no place in the code would help. */
function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}

function hash(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
