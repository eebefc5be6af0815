// `npm run bench [NAME…]`: how fast it is, each figure with its yardstick and aim. A name is that of a file, test/bench/NAME.bench.ts,
// or a part of what a row measures. They work on a copy of demo/, which "npm run demo" makes.
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

/** Those of the named files and the named rows, or all; in the order of their files. */
async function findMeasurements(names: readonly string[]): Promise<readonly Measurement[]> {
  const folder = path.join(root, 'test/bench');
  const files = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).sort();
  const all = await Promise.all(
    files.map(async (name) => {
      const { measurements } = (await import(pathToFileURL(path.join(folder, name)).href)) as {
        measurements: readonly Measurement[];
      };
      return measurements.map((measurement) => ({ file: name.slice(0, -SUFFIX.length), measurement }));
    }),
  );
  const isNamed = (row: (typeof all)[number][number], name: string): boolean =>
    row.file === name || row.measurement.what.toLowerCase().includes(name.toLowerCase());
  const unknown = names.filter((name) => !all.flat().some((row) => isNamed(row, name)));
  if (unknown.length > 0) {
    const known = all.flat().map(({ file, measurement }) => `${file}: ${measurement.what}`);
    throw new Error(`There is no bench "${unknown.join('", "')}". There are:\n${known.join('\n')}`);
  }
  const chosen = all.flat().filter((row) => names.length === 0 || names.some((name) => isNamed(row, name)));
  return chosen.map(({ measurement }) => measurement);
}

process.exitCode = await main(process.argv.slice(2));
