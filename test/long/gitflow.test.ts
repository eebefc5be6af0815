import { test } from 'vitest';
import fc from 'fast-check';
import { deeds, doAll } from '../unit/node/gitflow/anything.ts';
import { useFlowGround } from '../unit/node/gitflow/ground.ts';

const { ground, env, makeFlow } = useFlowGround();

test('whatever is done, stopped and killed: it ends, and nothing is lost', { timeout: 3_600_000 }, async () => {
  const template = await makeFlow();
  await fc.assert(
    fc.asyncProperty(deeds, async (all) => doAll(template, await ground().make(), env(), all)),
    // Of what six minutes hold: a sequence is some seconds of git.
    { numRuns: 150, interruptAfterTimeLimit: 360_000 },
  );
});
