import { test } from 'vitest';
import fc from 'fast-check';
import { deeds, doAll, makeWorld } from './anything.ts';
import { commit } from '../git/repository.ts';
import { useFlowGround } from './ground.ts';

const { ground, env, makeFlow } = useFlowGround();

// A few of them; test/long has more.
test('whatever is done, stopped and killed: it ends, and nothing is lost', { timeout: 300_000 }, async () => {
  const repository = await makeFlow();
  // So that releases write a version, too.
  await commit(repository, env(), 'CHANGELOG.md', '# Changelog\n');
  const template = await ground().make();
  await makeWorld(repository, template, env());
  await fc.assert(
    fc.asyncProperty(deeds, async (all) => doAll(template, await ground().make(), env(), all)),
    { numRuns: 2 },
  );
});
