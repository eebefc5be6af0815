// `npm run bench [NAME…]`: how fast it is, each figure with its yardstick and aim. The measurements are test/bench/NAME.bench.ts;
// they work on a copy of demo/, which "npm run demo" makes.
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { exists } from '../src/node/files/files.ts';
import type { Measurement } from '../test/bench/measuring.ts';
import { ensurePackage } from './packaging/packaging.ts';
import { root } from './places.ts';
import { formatTable } from './tables.ts';

const SUFFIX = '.bench.ts';

async function main(names: readonly string[]): Promise<number> {
  const demo = path.join(root, 'demo');
  if (!(await exists(path.join(demo, 'dvc.lock')))) {
    console.error('The bench measures on the demo project. Run "npm run demo" first.');
    return 2;
  }
  const measurements = await findMeasurements(names);
  await ensurePackage();
  const home = await mkdtemp(path.join(tmpdir(), 'mlops-bench-'));
  try {
    const project = path.join(home, 'demo');
    await cp(demo, project, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    const rows: string[][] = [];
    for (const { what, aim, holds, measure } of measurements) {
      const figure = await measure(project);
      const row = 'missing' in figure ? [figure.missing, aim, ''] : [figure.text, aim, holds(figure.value) ? '✓' : '✗'];
      console.log(`${what}: ${row.join('  ')}`);
      rows.push([what, ...row]);
    }
    console.log(`\n${formatTable(['what', 'measured', 'aim', ''], rows)}`);
    const [load = 0] = loadavg();
    console.log(`\nOn ${availableParallelism()} cores with a load of ${load.toFixed(1)}, this bench included.`);
    return 0;
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Those of the named files, or of all; in the order of their names. */
async function findMeasurements(names: readonly string[]): Promise<readonly Measurement[]> {
  const folder = path.join(root, 'test/bench');
  const all = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).sort();
  const unknown = names.filter((name) => !all.includes(name + SUFFIX));
  if (unknown.length > 0) {
    const known = all.map((name) => name.slice(0, -SUFFIX.length)).join(', ');
    throw new Error(`There is no bench "${unknown.join('", "')}". There are: ${known}.`);
  }
  const chosen = names.length === 0 ? all : all.filter((name) => names.includes(name.slice(0, -SUFFIX.length)));
  const modules = chosen.map(async (name) => {
    const module = (await import(pathToFileURL(path.join(folder, name)).href)) as {
      measurements: readonly Measurement[];
    };
    return module.measurements;
  });
  return (await Promise.all(modules)).flat();
}

process.exitCode = await main(process.argv.slice(2));
