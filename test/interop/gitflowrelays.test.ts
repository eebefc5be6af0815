import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readFlow } from '../../src/node/gitflow/gitflow.ts';
import type { FlowRequest } from '../../src/protocol/gitflow.ts';
import {
  finish,
  hotfix,
  on,
  readState,
  release,
  remove,
  rename,
  start,
  useBeginnings,
  useFlowTools,
  type Script,
  type Tool,
} from './flowtools.ts';

const tools = useFlowTools();
const { ground, ours, avh, add, run, addOrigin, resolve, playReady } = tools;
const { begin, conflictInProduction, conflictInDevelop } = useBeginnings(tools);

const refusals: Readonly<Record<string, readonly [Script, FlowRequest]>> = {
  'a second release': [(_folder, flow) => flow(start('1', undefined, 'release')), start('2', undefined, 'release')],
  'a second hotfix': [(_folder, flow) => flow(start('1', undefined, 'hotfix')), start('2', undefined, 'hotfix')],
  'a version that is tagged': [
    async (folder) => {
      await run(folder, 'tag', '-a', '-m', 'x', '1');
    },
    start('1', undefined, 'release'),
  ],
  'a release with changes in the tree': [
    (folder) => writeFile(path.join(folder, 'a'), 'changed'),
    start('1', undefined, 'release'),
  ],
  'a release whose tag is on another commit': [
    async (folder, flow) => {
      await begin(folder, flow, 'release');
      await run(folder, 'tag', '-a', '-m', 'x', '1.0', 'master');
    },
    release('1.0'),
  ],
  'to publish without a remote': [(_folder, flow) => flow(start('x')), on('publish', 'x')],
  'to track what is here': [
    async (folder, flow) => {
      await addOrigin(folder);
      await flow(start('x'));
    },
    on('track', 'x'),
  ],
  'a name that is taken': [
    async (_folder, flow) => {
      await flow(start('x'));
      await flow(start('y'));
    },
    rename('x'),
  ],
  'to delete what is not merged': [
    async (folder, flow) => {
      await flow(start('x'));
      await add(folder, 'x');
      await run(folder, 'checkout', '-q', 'develop');
    },
    remove('x'),
  ],
  'support from a commit that is not in production': [(folder) => add(folder, 'd'), start('1.x', 'develop', 'support')],
};

describe.concurrent('what AVH refuses we refuse, and leave as it was', () => {
  test.each(Object.entries(refusals))('%s', async (_name, [prepare, request]) => {
    for (const tool of [avh, ours]) {
      const { folder, graph, config } = await playReady(tool, prepare);
      const { ok } = await tool.flow(folder, request);
      expect([tool.name, ok, await readState(folder, ground().env)]).toEqual([tool.name, false, { graph, config }]);
    }
  });
});

/** Name → how far the first tool comes, and how the second ends it. */
const relays: Readonly<Record<string, readonly [Script, Script]>> = {
  'a release': [(folder, flow) => begin(folder, flow, 'release'), (_folder, flow) => flow(release('1.0'))],
  'a hotfix': [(folder, flow) => begin(folder, flow, 'hotfix'), (_folder, flow) => flow(hotfix('1.0'))],
  'a release that has met a conflict in production': [
    async (folder, flow) => {
      await conflictInProduction(folder, flow);
      await expect(flow(release('1.0'))).rejects.toThrow();
    },
    async (folder, flow) => {
      await resolve(folder);
      await flow(release('1.0'));
    },
  ],
  'a release that has met a conflict in development': [
    async (folder, flow) => {
      await conflictInDevelop(folder, flow);
      await expect(flow(release('1.0'))).rejects.toThrow();
    },
    async (folder, flow) => {
      await resolve(folder);
      await flow(release('1.0'));
    },
  ],
  'a published feature, tracked and renamed': [
    async (folder, flow) => {
      await addOrigin(folder);
      await flow(start('x'));
      await add(folder, 'x');
      await flow(on('publish', 'x'));
    },
    async (folder, flow) => {
      await add(folder, 'y');
      await flow(finish('x', { push: true }));
    },
  ],
};

describe.concurrent('each tool ends what the other has begun', () => {
  const cases = Object.entries(relays).flatMap(([name, scripts]) =>
    [[avh, ours] as const, [ours, avh] as const].map(
      ([first, second]) => [name, first.name, first, second, scripts] as const,
    ),
  );
  test.each(cases)('%s, begun by %s', async (_name, _by, first, second, [begun, ended]) => {
    const { folder } = await playReady(first, begun);
    await playOn(second, folder, ended);
    const alone = await playReady(second, async (made, flow) => {
      await begun(made, flow);
      await ended(made, flow);
    });
    expect(await readState(folder, ground().env)).toEqual({ graph: alone.graph, config: alone.config });
    expect((await readFlow(folder, { env: ground().env })).unfinished).toBeNull();
  });
});

async function playOn(tool: Tool, folder: string, script: Script): Promise<void> {
  await script(folder, async (request) => {
    const { ok, output } = await tool.flow(folder, request);
    if (!ok) throw new Error(`${tool.name}: ${output}`);
  });
}
