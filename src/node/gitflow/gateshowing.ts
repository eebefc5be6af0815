import type { FlowGate } from '../../protocol/gates.ts';
import { formatProblem } from '../../protocol/problem.ts';
import type { Output } from '../commandline/commandline.ts';

const marks: Readonly<Record<FlowGate['outcome'], string>> = {
  passed: 'ok',
  failed: 'FAILED',
  absent: 'not here',
  off: 'off',
  waiting: 'to be run',
};

/** A row for each gate, and below it the places and the ways to look. */
export function formatGates(gates: readonly FlowGate[], output: Output): string {
  const table = output.table({
    columns: ['gate', '', ''],
    rows: gates.map(({ name, outcome, message }) => [name, marks[outcome], message]),
  });
  const failed = gates.filter(({ outcome }) => outcome === 'failed');
  const more = failed.flatMap(({ name, places, look, log }) => [
    ...places.map((place) => formatProblem(place)),
    ...(look === null ? [] : [`${name}: see "${look}"`]),
    ...(log === null ? [] : [`${name}: what it printed is in ${log}`]),
  ]);
  return [table, ...more].join('\n');
}
