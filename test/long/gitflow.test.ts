import { test } from 'vitest';
import fc from 'fast-check';
import { commit } from '../unit/node/git/repository.ts';
import { deeds, doAll, makeWorld } from '../unit/node/gitflow/anything.ts';
import { useFlowGround } from '../unit/node/gitflow/ground.ts';

const { ground, env, makeFlow } = useFlowGround();
/** Of what some minutes hold: a sequence is some seconds of git. `MLOPS_SEED` repeats what an earlier run has found. */
const seed = process.env['MLOPS_SEED'];

test.each([
  ['a repository', false, 100],
  ['a project with a model', true, 50],
])(
  '%s: whatever is done, refused, stopped and killed, it ends, and nothing is lost',
  { timeout: 3_600_000 },
  async (_what, model, numRuns) => {
    const repository = await makeFlow();
    await commit(repository, env(), 'CHANGELOG.md', '# Changelog\n');
    const template = await ground().make();
    await makeWorld(repository, template, env(), { model });
    await fc.assert(
      fc.asyncProperty(deeds, async (all) => doAll(template, await ground().make(), env(), all)),
      { numRuns, interruptAfterTimeLimit: 240_000, ...(seed === undefined ? {} : { seed: Number(seed) }) },
    );
  },
);
