// `npm test [LAYER…] [-- FILTER…]`: builds, runs the layers one after the other and ends with one line over all of them.
import { mkdir } from 'node:fs/promises';
import { ensureBuilt } from './building.ts';
import { results } from './places.ts';
import { layers, type Layer } from './testing/layers.ts';
import { addTallies, formatTally, nothing, type Tally } from './testing/tally.ts';

const names = process.argv.slice(2).filter((word) => layers.some(({ name }) => name === word));
const filters = process.argv.slice(2).filter((word) => !names.includes(word));
const chosen =
  names.length === 0 ? layers.filter(({ always }) => always) : layers.filter(({ name }) => names.includes(name));

await mkdir(results, { recursive: true });
await ensureBuilt();
const rows: { layer: Layer; tally: Tally; seconds: number }[] = [];
for (const layer of chosen) {
  const start = performance.now();
  console.log(`\n━━━ ${layer.name}`);
  const tally = await runLayer(layer);
  rows.push({ layer, tally, seconds: Math.round((performance.now() - start) / 1000) });
}

const total = addTallies(rows.map(({ tally }) => tally));
console.log('\n━━━ all layers');
for (const { layer, tally, seconds } of rows)
  console.log(`${layer.name.padEnd(8)} ${formatTally(tally).padEnd(40)} ${seconds} s`);
for (const failure of total.failures) console.log(`✗ ${failure}`);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(formatTally(total));

/** A layer that breaks, or runs nothing at all, is a failure: silence must never look like success. */
async function runLayer({ name, run }: Layer): Promise<Tally> {
  const tally = await run(filters).catch((error: unknown): Tally => {
    console.error(error);
    return { ...nothing, failed: 1, failures: [`layer ${name} broke: ${String(error)}`] };
  });
  if (tally.passed + tally.failed + tally.skipped > 0) return tally;
  console.error(`The layer "${name}" ran no test.`);
  return { ...nothing, failed: 1, failures: [`layer ${name} ran no test`] };
}
