import { cp, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dist } from '../../scripts/places.ts';
import { readProgram } from '../../scripts/programs.ts';
import { readStatus } from '../../src/node/pipeline/pipeline.ts';
import { ensurePythonTools } from '../../scripts/testing/interop.ts';
import { medianTime, type Figure, type Measurement } from './measuring.ts';
import { createProject, writeBigFile, writeManyStages, writeSmallFiles, writeThreeStages } from './projects.ts';

// How many times faster than DVC, which does the same work in the same minute on a copy of the same project.

const FILES = 100_000;
const STAGES = 5000;

interface Row {
  readonly what: string;
  /** At least so many times faster. */
  readonly aim: number;
  /** `home` is a folder for projects of its own, `demo` the copy of the demo project in it. */
  readonly measure: (home: string, tools: Tools, demo: string) => Promise<Ratio>;
}

interface Ratio {
  readonly ours: number;
  readonly theirs: number;
  readonly note?: string;
}

/** Both command lines; each gives what it printed. */
interface Tools {
  readonly dvc: (cwd: string, ...args: string[]) => Promise<string>;
  readonly mlops: (cwd: string, ...args: string[]) => Promise<string>;
}

const rows: readonly Row[] = [
  {
    what: 'run, the demo project, nothing to do',
    aim: 5,
    measure: (_home, tools, demo) => measureNoOp(demo, tools),
  },
  {
    what: 'run, 3 stages, nothing to do',
    aim: 10,
    measure: async (home, tools) => {
      const root = await createProject(path.join(home, 'three'));
      await writeThreeStages(root);
      await tools.mlops(root, 'run');
      await settle();
      return measureNoOp(root, tools);
    },
  },
  {
    what: 'the same decision in the editor (warm engine, nothing kept from the last time)',
    aim: 100,
    measure: async (home, tools) => {
      const root = await createProject(path.join(home, 'three-warm'));
      await writeThreeStages(root);
      await tools.mlops(root, 'run');
      await settle();
      await tools.mlops(root, 'run');
      refuseWork(await tools.dvc(root, 'repro'));
      const decide = () => readStatus({ root }, { env: process.env });
      // Node compiles what has run a few dozen times, as it has in an editor that is open for a minute.
      await medianTime(100, decide);
      return { theirs: await medianTime(3, () => tools.dvc(root, 'repro')), ours: await medianTime(21, decide) };
    },
  },
  {
    what: 'first hash and cache, 100,000 files',
    aim: 4,
    measure: async (home, tools) => (await files(home, tools)).first,
  },
  {
    what: 'status, 100,000 files, nothing changed',
    aim: 10,
    measure: (home, tools) => onFiles(home, tools, ['status'], ['status']),
  },
  {
    what: 'run, 100,000 files, nothing to do',
    aim: 15,
    measure: (home, tools) => onFiles(home, tools, ['repro'], ['run']),
  },
  { what: 'hash and cache, one big file', aim: 1, measure: measureBigFile },
  { what: 'status, 5,000 stages', aim: 10, measure: (home, tools) => onStages(home, tools, ['status'], ['status']) },
  {
    what: 'dry run, 5,000 stages',
    aim: 25,
    measure: (home, tools) => onStages(home, tools, ['repro', '--dry'], ['run', '--dry-run']),
  },
];

export const measurements: readonly Measurement[] = rows.map(({ what, aim, measure }) => ({
  what: `mlops against dvc: ${what}`,
  aim: `≥ ${aim} ×`,
  holds: (value) => value >= aim,
  measure: async (project): Promise<Figure> => {
    const tools = await findTools();
    if ('missing' in tools) return tools;
    const { ours, theirs, note = '' } = await measure(path.dirname(project), tools, project);
    const value = theirs / ours;
    return { value, text: `${value.toFixed(1)} × (${seconds(theirs)} ÷ ${seconds(ours)}${note})` };
  },
}));

function seconds(ms: number): string {
  return ms < 20 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

async function findTools(): Promise<Tools | { missing: string }> {
  const found = await ensurePythonTools();
  if ('missing' in found) return { missing: found.missing };
  const python = found.env['MLOPS_INTEROP_PYTHON'] ?? 'python3';
  const env = { ...process.env, DVC_NO_ANALYTICS: '1' };
  return {
    dvc: (cwd, ...args) => readProgram(python, ['-m', 'dvc', ...args], { cwd, env }),
    mlops: (cwd, ...args) => readProgram(process.execPath, [path.join(dist, 'cli.js'), ...args], { cwd, env }),
  };
}

/** Median wall times of both, taken in turns so that whatever else the machine does hits both. */
async function compare(times: number, theirs: () => Promise<unknown>, ours: () => Promise<unknown>): Promise<Ratio> {
  const measured = { theirs: [] as number[], ours: [] as number[] };
  for (let i = 0; i < times; i += 1) {
    measured.theirs.push(await medianTime(1, theirs));
    measured.ours.push(await medianTime(1, ours));
  }
  const middle = (values: number[]): number =>
    values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  return { theirs: middle(measured.theirs), ours: middle(measured.ours) };
}

async function measureNoOp(root: string, { dvc, mlops }: Tools): Promise<Ratio> {
  // The first of each hashes the new files once more; what it says also shows whether there is really nothing to do.
  await mlops(root, 'run');
  refuseWork(await dvc(root, 'repro'));
  return compare(
    5,
    () => dvc(root, 'repro'),
    () => mlops(root, 'run'),
  );
}

interface SmallFiles {
  readonly root: string;
  readonly first: Ratio;
}

const made = new Map<string, Promise<SmallFiles>>();

/** The project with many files, and how long it took to track them first; made once. */
function files(home: string, tools: Tools): Promise<SmallFiles> {
  const known = made.get(home) ?? makeFiles(home, tools);
  made.set(home, known);
  return known;
}

async function makeFiles(home: string, { dvc, mlops }: Tools): Promise<SmallFiles> {
  const root = await createProject(path.join(home, 'files'));
  writeSmallFiles(root, FILES);
  await settle();
  const twin = path.join(home, 'files-dvc');
  await cp(root, twin, { recursive: true, preserveTimestamps: true });
  const ours = await medianTime(1, () => mlops(root, 'data', 'add', 'data'));
  const theirs = await medianTime(1, () => dvc(twin, 'add', '-q', 'data'));
  await rm(twin, { recursive: true });
  const stage = 'stages:\n  count:\n    cmd: ls data | wc -l > count.txt\n    deps: [data]\n    outs: [count.txt]\n';
  await writeFile(path.join(root, 'dvc.yaml'), stage);
  await mlops(root, 'run');
  refuseWork(await dvc(root, 'repro'));
  await dvc(root, 'status');
  await mlops(root, 'status');
  return { root, first: { ours, theirs, note: ', once each' } };
}

async function onFiles(home: string, tools: Tools, theirs: string[], ours: string[]): Promise<Ratio> {
  const { root } = await files(home, tools);
  return compare(
    3,
    () => tools.dvc(root, ...theirs),
    () => tools.mlops(root, ...ours),
  );
}

async function measureBigFile(home: string, { dvc, mlops }: Tools): Promise<Ratio> {
  const { bavail, bsize } = await statfs(home);
  // Two copies and two objects have to fit.
  const megabytes = bavail * bsize > 24 * 2 ** 30 ? 4096 : 1024;
  const [root, twin] = [await createProject(path.join(home, 'big')), await createProject(path.join(home, 'big-dvc'))];
  try {
    for (const folder of [root, twin]) await writeBigFile(path.join(folder, 'big.bin'), megabytes);
    await settle();
    const ours = await medianTime(1, () => mlops(root, 'data', 'add', 'big.bin'));
    const theirs = await medianTime(1, () => dvc(twin, 'add', '-q', 'big.bin'));
    return { ours, theirs, note: `, ${megabytes / 1024} GB, once each` };
  } finally {
    for (const folder of [root, twin]) await rm(folder, { recursive: true });
  }
}

async function onStages(home: string, { dvc, mlops }: Tools, theirs: string[], ours: string[]): Promise<Ratio> {
  const root = path.join(home, `stages-${theirs.join('')}`);
  await createProject(root);
  await writeManyStages(root, STAGES);
  await settle();
  await mlops(root, ...ours);
  return compare(
    1,
    () => dvc(root, ...theirs),
    () => mlops(root, ...ours),
  );
}

/** New files are too young for their hashes to be remembered, by DVC as by us. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3000));
}

function refuseWork(said: string): void {
  if (said.includes('Running stage')) throw new Error('dvc repro had something to do');
}
