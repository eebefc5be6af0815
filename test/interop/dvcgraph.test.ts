import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planRun } from '../../src/node/pipeline/pipeline.ts';
import type { RunDocument } from '../../src/protocol/pipeline.ts';
import { Ground, alwaysChanged, type Edit } from './dvcground.ts';

// Random graphs and random edits, each asked of both engines: the order, what is stale, what runs and what the locks say
// afterwards must be the same.

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.create();
});
afterAll(() => ground.remove());

/** A stage of a random graph. Numbers choose among what there is to choose from. */
const stageArbitrary = fc.record({
  /** Place in its file; inputs come from stages before it in the list, wherever those stand in the file. */
  rank: fc.nat(99),
  isNested: fc.boolean(),
  out: fc.constantFrom('file', 'folder', 'shared'),
  cache: fc.boolean(),
  persist: fc.boolean(),
  inputs: fc.array(fc.nat(99), { maxLength: 3 }),
  /** Of a folder only a part of it is the input. */
  takesPart: fc.boolean(),
  takesShared: fc.boolean(),
  source: fc.option(fc.nat(2)),
  param: fc.option(fc.nat(2)),
  /** What it writes does not depend on what it reads, so the stages behind it stay fresh. */
  isConstant: fc.boolean(),
  isAlways: fc.nat(9).map((n) => n === 0),
});
type StageSpec = typeof stageArbitrary extends fc.Arbitrary<infer T> ? T : never;

const editArbitrary = fc.record({
  kind: fc.constantFrom(
    'source',
    'no source',
    'param',
    'output',
    'no output',
    'command',
    'frozen',
    'no lock',
    'no entry',
  ),
  target: fc.nat(99),
});
type EditSpec = typeof editArbitrary extends fc.Arbitrary<infer T> ? T : never;

const outOf = ({ out }: StageSpec, index: number): string =>
  ({ file: `o${index}`, folder: `d${index}`, shared: `shared/o${index}` })[out];

function toStage(stages: readonly StageSpec[], index: number): string {
  const spec = stages[index]!;
  const inputs = new Set(
    spec.inputs.slice(0, index).map((pick) => {
      const at = pick % index;
      return outOf(stages[at]!, at) + (stages[at]!.out === 'folder' && spec.takesPart ? '/x' : '');
    }),
  );
  // The whole shared folder is an input only of a stage behind all that write into it.
  const shared = stages.map(({ out }) => out === 'shared');
  if (spec.takesShared && shared.lastIndexOf(true) < index && shared.includes(true)) inputs.add('shared');
  if (spec.source !== null) inputs.add(`in${spec.source}`);
  const read = spec.isConstant
    ? `echo ${index}`
    : `(echo ${index}; find ${[...inputs, 'none'].join(' ')} -type f | sort | xargs cat)`;
  const out = outOf(spec, index);
  const file = spec.out === 'folder' ? `${out}/x` : out;
  const folder = file.includes('/') ? `mkdir -p ${file.replace(/\/[^/]*$/, '')}; ` : '';
  const options = `{cache: ${String(spec.cache)}, persist: ${String(spec.persist)}}`;
  return `  s${index}:
    cmd: ${folder}${read} > ${file}
    ${spec.isNested ? 'wdir: ..' : 'wdir: .'}
    deps: [${[...inputs].join(', ')}]
    ${spec.param === null ? '' : `params: [k${spec.param}]`}
    outs: [${out}: ${options}]
    always_changed: ${String(spec.isAlways)}
`;
}

function toFiles(stages: readonly StageSpec[]): Record<string, string> {
  const order = stages.map((_, index) => index).sort((a, b) => stages[a]!.rank - stages[b]!.rank);
  const textOf = (isNested: boolean): string =>
    `stages:\n${order
      .filter((index) => stages[index]!.isNested === isNested)
      .map((index) => toStage(stages, index))
      .join('')}`;
  const files = { 'none': '', 'in0': '0\n', 'in1': '1\n', 'in2': '2\n', 'params.yaml': 'k0: 0\nk1: 1\nk2: 2\n' };
  const nested = textOf(true);
  const own = textOf(false);
  return {
    ...files,
    'dvc.yaml': own === 'stages:\n' ? '' : own,
    ...(nested === 'stages:\n' ? {} : { 'sub/dvc.yaml': nested }),
  };
}

function toEdit(stages: readonly StageSpec[], { kind, target }: EditSpec): Edit {
  const index = target % stages.length;
  const spec = stages[index]!;
  const out = outOf(spec, index);
  const folder = spec.isNested ? 'sub/' : '';
  const inStage = (from: RegExp, to: string): Edit => ({
    [`${folder}dvc.yaml`]: (text) =>
      text.replace(new RegExp(`(  s${index}:\\n(?:    .*\\n)*?    )${from.source}`), `$1${to}`),
  });
  switch (kind) {
    case 'source':
      return { [`in${target % 3}`]: `changed ${target}\n` };
    case 'no source':
      return { [`in${target % 3}`]: null };
    case 'param':
      return { 'params.yaml': (text) => text.replace(`k${target % 3}: `, `k${target % 3}: 1`) };
    case 'output':
      return { [spec.out === 'folder' ? `${out}/y` : out]: `other ${target}\n` };
    case 'no output':
      return { [out]: null };
    case 'command':
      return inStage(/cmd: /, 'cmd: true; ');
    case 'frozen':
      return inStage(/wdir/, 'frozen: true\n    wdir');
    case 'no lock':
      return { [`${folder}dvc.lock`]: null };
    case 'no entry':
      return {
        [`${folder}dvc.lock`]: (text) =>
          text.replace(new RegExp(`  s${index}:\\n(?:    .*\\n)*`), '').replace(/^stages:\n$/m, 'stages: {}\n'),
      };
  }
}

/** Names of what was not skipped: a frozen stage counts when its outputs were taken over anew, as in DVC. */
function workOf({ stages }: RunDocument): string[] {
  return stages.filter(({ outcome, reason }) => outcome !== 'skipped' || reason === 'frozen').map(({ name }) => name);
}

async function compareStatus(): Promise<unknown> {
  const ours = await ground.ourStatus();
  expect(ours).toEqual(await ground.dvc.ask('status', ground.root));
  return ours;
}

async function compareOrder(): Promise<void> {
  const all = { stages: [], single: false, downstream: false, force: false, keepGoing: false };
  const { steps } = await planRun({ root: ground.root }, all, {
    env: ground.project.env,
    signal: new AbortController().signal,
  });
  expect(steps.map(({ name }) => name)).toEqual(await ground.dvc.ask('order', ground.root));
}

/** Lets both run from the same state: they do the same work, or fail both, and their locks are the same text. */
async function compareRuns(): Promise<void> {
  await ground.keep();
  const document = await ground.project.run().catch(() => undefined);
  const succeeded = document?.outcome === 'succeeded';
  const ours = { locks: await ground.locks(), work: succeeded ? workOf(document) : 'failed' };
  if (succeeded) {
    const status = await compareStatus();
    expect(Object.keys(status as object).sort()).toEqual(alwaysChanged(status).sort());
  }
  await ground.restore();
  const { value, error } = await ground.dvc.try('repro', ground.root);
  expect(ours).toEqual({ locks: await ground.locks(), work: error === undefined ? value : 'failed' });
}

it('order, stale set, work and locks', { timeout: 600_000 }, () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(stageArbitrary, { minLength: 2, maxLength: 7 }),
      fc.array(editArbitrary, { minLength: 1, maxLength: 3 }),
      async (stages, edits) => {
        await ground.lay({ files: toFiles(stages) });
        await compareStatus();
        await compareOrder();
        await compareRuns();
        for (const edit of edits) await ground.edit(toEdit(stages, edit)).catch(ignoreMissing);
        await compareStatus();
        await compareRuns();
      },
    ),
    { numRuns: Number(process.env['MLOPS_GRAPHS'] ?? 12) },
  ),
);

/** An edit may meet what an edit before it has removed. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
