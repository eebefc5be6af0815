import { exitCodes } from '../../protocol/errors.ts';
import type { StaleReason } from '../../protocol/pipeline.ts';
import type { CheckoutStep } from '../../core/data/data.ts';
import { summariseReasons } from '../../core/pipeline/pipeline.ts';
import { takePositionals, type Command, type Output } from '../commandline/commandline.ts';
import { judgeData } from '../pipeline/pipeline.ts';
import { addData, planAdd, type PlannedData } from './add.ts';
import { checkoutData, planDataCheckout, select } from './checkout.ts';
import { verifyData, type FaultyObject, type Verification } from './verify.ts';
import { withData } from './work.ts';

const add = {
  words: ['data', 'add'],
  positionals: 'PATH…',
  summary: 'track files or folders with .dvc files',
  example: 'mlops data add data/raw',
  options: {},
  async run(invocation) {
    const paths = takePositionals(invocation, add);
    const project = await invocation.project();
    const { options, output } = invocation;
    if (options.flag('dry-run')) return printAdditions(await planAdd(project, paths, invocation), output);
    const data = await addData(project, paths, invocation);
    output.result({ data }, () =>
      output.table({
        columns: ['PATH', 'FILE', 'MD5', 'BYTES', 'FILES'],
        rows: data.map(({ path, file, md5, size, nfiles }) => [path, file, md5, String(size), String(nfiles ?? '')]),
      }),
    );
    return exitCodes.done;
  },
} as const satisfies Command;

function printAdditions(planned: readonly PlannedData[], output: Output): number {
  output.result({ data: planned }, () =>
    output.table({ columns: ['PATH', 'FILE'], rows: planned.map(({ path, file }) => [path, file]) }),
  );
  return exitCodes.done;
}

const status = {
  words: ['data', 'status'],
  positionals: '[PATH…]',
  summary: 'whether tracked data is as its .dvc files say',
  example: 'mlops data status',
  options: {},
  async run(invocation) {
    const paths = takePositionals(invocation, status);
    const project = await invocation.project();
    const { output } = invocation;
    const data = await withData(project, invocation, ({ loaded, workspace }) => {
      const owners = new Set(paths.length === 0 ? [] : select(loaded, paths, invocation).map(({ owner }) => owner));
      return judgeData(
        paths.length === 0 ? loaded.data : loaded.data.filter(({ name }) => owners.has(name)),
        workspace,
      );
    });
    output.result({ project: project.root, data }, () =>
      output.table({
        columns: ['DATA', 'STATE', 'WHY'],
        rows: data.map(({ path, state, reasons }) => [path, state, toWhy(reasons)]),
      }),
    );
    return exitCodes.done;
  },
} as const satisfies Command;

function toWhy(reasons: readonly StaleReason[]): string {
  return summariseReasons(reasons, { isLocked: true });
}

const checkout = {
  words: ['data', 'checkout'],
  positionals: '[PATH…]',
  summary: 'bring data and outputs back from the cache',
  example: 'mlops data checkout data/raw.dvc',
  options: { force: { type: 'boolean', summary: 'also over changes that exist nowhere else' } },
  async run(invocation) {
    const paths = takePositionals(invocation, checkout);
    const { options, output } = invocation;
    const perform = options.flag('dry-run') ? planDataCheckout : checkoutData;
    const steps = await perform(await invocation.project(), paths, { force: options.flag('force') }, invocation);
    const isWhole = steps.every(({ action }) => action !== 'refuse');
    output.result({ outcome: isWhole ? 'succeeded' : 'failed', paths: steps }, () => formatSteps(steps, output));
    return isWhole ? exitCodes.done : exitCodes.failed;
  },
} as const satisfies Command;

function formatSteps(steps: readonly CheckoutStep[], output: Output): string {
  return output.table({
    columns: ['PATH', 'ACTION', 'WHY'],
    rows: steps.map(({ path, action, reason }) => [path, action, reason ?? '']),
  });
}

const verify = {
  words: ['data', 'verify'],
  positionals: '[PATH…]',
  summary: 'hash what is in the cache and name what is damaged or missing',
  example: 'mlops data verify',
  options: {},
  async run(invocation) {
    const paths = takePositionals(invocation, verify);
    const found = await verifyData(await invocation.project(), paths, invocation);
    const isWhole = found.corrupt.length + found.missing.length === 0;
    const { output } = invocation;
    output.result({ outcome: isWhole ? 'succeeded' : 'failed', ...found }, () => formatVerification(found, output));
    return isWhole ? exitCodes.done : exitCodes.failed;
  },
} as const satisfies Command;

function formatVerification({ objects, corrupt, missing }: Verification, output: Output): string {
  const toRow =
    (fault: string) =>
    ({ file, usedBy }: FaultyObject): string[] => [fault, file, usedBy.join(', ')];
  const rows = [...corrupt.map(toRow('damaged')), ...missing.map(toRow('missing'))];
  output.note(`${objects} objects were hashed; ${corrupt.length} are damaged, ${missing.length} are missing.`);
  return rows.length === 0 ? '' : output.table({ columns: ['FAULT', 'OBJECT', 'OF'], rows });
}

export const commands: readonly Command[] = [add, status, checkout, verify];
