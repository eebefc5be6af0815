import { test } from 'vitest';
import fc from 'fast-check';
import { deeds, doAll } from './anything.ts';
import { commit } from '../git/repository.ts';
import { useFlowGround } from './ground.ts';

const { ground, env, makeFlow } = useFlowGround();

// A few of them; test/long has more.
test('whatever is done, stopped and killed: it ends, and nothing is lost', { timeout: 300_000 }, async () => {
  const template = await makeFlow();
  // So that releases write a version, too.
  await commit(template, env(), 'CHANGELOG.md', '# Changelog\n');
  await fc.assert(
    fc.asyncProperty(deeds, async (all) => doAll(template, await ground().make(), env(), all)),
    { numRuns: 3 },
  );
});
