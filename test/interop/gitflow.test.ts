import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readFlow } from '../../src/node/gitflow/gitflow.ts';
import type { FlowRequest } from '../../src/protocol/gitflow.ts';
import { end, readFlowConfig } from '../unit/node/git/repository.ts';
import { INIT, finish, readState, start, useFlowTools, type Script, type Tool } from './flowtools.ts';

const { ground, ours, avh, add, run, addOrigin, resolve, play } = useFlowTools();

async function makeConflict(folder: string): Promise<void> {
  await add(folder, 'a', 'theirs');
  await add(folder, 'b');
  await run(folder, 'checkout', '-q', 'develop');
  await add(folder, 'a', 'ours');
}

const scripts: Readonly<Record<string, Script>> = {
  'init in an empty repository': (_folder, flow) => flow(INIT),
  'init with main only': async (folder, flow) => {
    await run(folder, 'checkout', '-q', '-b', 'main');
    await add(folder, 'a');
    await flow(INIT);
  },
  'init with main and develop, own prefix': async (folder, flow) => {
    await run(folder, 'checkout', '-q', '-b', 'main');
    await add(folder, 'a');
    await run(folder, 'branch', 'develop');
    await flow({ ...INIT, prefixes: { feature: 'f-' } });
    await flow(start('x'));
  },
  'init over keys that stand': async (folder, flow) => {
    await add(folder, 'a');
    await run(folder, 'branch', 'int');
    await run(folder, 'config', 'gitflow.prefix.bugfix', 'fix/');
    await run(folder, 'config', 'gitflow.prefix.versiontag', 'v');
    await flow(INIT);
    await flow(INIT);
  },
  'features with no, one, two and three commits; names with dots and #': async (folder, flow) => {
    await flow(INIT);
    for (const [count, name] of ['none', 'one.1', 'two#2', 'three/3'].entries()) {
      await flow(start(name));
      for (let index = 0; index < count; index += 1) await add(folder, `${name.replace('/', '')}-${index}`);
      await flow(finish(name));
    }
  },
  'one commit on a base that has moved': async (folder, flow) => {
    await flow(INIT);
    await flow(start('x'));
    await add(folder, 'x');
    await run(folder, 'checkout', '-q', 'develop');
    await add(folder, 'd');
    await flow(finish('x'));
  },
  'kept, and never fast-forward': async (folder, flow) => {
    await flow(INIT);
    await flow(start('k'));
    await add(folder, 'k');
    await flow(finish('k', { keep: true }));
    await flow(start('n'));
    await add(folder, 'n');
    await flow(finish('n', { noFastForward: true }));
  },
  'a bugfix, and a feature from another branch': async (folder, flow) => {
    await flow(INIT);
    await flow(start('b', undefined, 'bugfix'));
    await add(folder, 'b');
    await add(folder, 'c');
    await flow(start('x', 'bugfix/b'));
    await add(folder, 'x');
    await flow(finish('x'));
    await flow(finish('b', {}, 'bugfix'));
  },
  'defaults from the configuration': async (folder, flow) => {
    await flow(INIT);
    await run(folder, 'config', 'gitflow.feature.finish.no-ff', 'yes');
    await run(folder, 'config', 'gitflow.feature.finish.keep', 'on');
    await flow(start('x'));
    await add(folder, 'x');
    await flow(finish('x'));
  },
  'published, and develop ahead of the remote': async (folder, flow) => {
    await flow(INIT);
    await addOrigin(folder);
    await add(folder, 'd');
    await flow(start('x'));
    await add(folder, 'x');
    await run(folder, 'push', '-q', '-u', 'origin', 'feature/x');
    await add(folder, 'y');
    await flow(finish('x'));
  },
  'a conflict, resolved': async (folder, flow) => {
    await add(folder, 'a', 'base');
    await flow(INIT);
    await flow(start('x'));
    await makeConflict(folder);
    await expect(flow(finish('x'))).rejects.toThrow();
    await resolve(folder);
    await flow(finish('x'));
  },
  'a conflict, undone and begun again': async (folder, flow) => {
    await add(folder, 'a', 'base');
    await flow(INIT);
    await flow(start('x'));
    await makeConflict(folder);
    await expect(flow(finish('x'))).rejects.toThrow();
    await run(folder, 'merge', '--abort');
    await run(folder, 'revert', '--no-edit', 'HEAD');
    await flow(finish('x'));
  },
};

describe('the same script by both tools: equal commits, branches and keys', () => {
  test.each(Object.entries(scripts))('%s', async (_name, script) => {
    const theirs = await play(avh, script);
    const mine = await play(ours, script);
    expect(mine.graph).toEqual(theirs.graph);
    expect(mine.config).toEqual(theirs.config);
  });
});

describe('what AVH refuses we refuse, and leave as it was', () => {
  const refusals: Readonly<Record<string, readonly [Script, FlowRequest]>> = {
    'not initialised': [(folder) => add(folder, 'a'), start('x')],
    'a name that exists': [
      async (folder, flow) => {
        await add(folder, 'a');
        await flow(INIT);
        await flow(start('x'));
      },
      start('x'),
    ],
    'a base that is a commit': [
      async (folder, flow) => {
        await add(folder, 'a');
        await flow(INIT);
      },
      start('x', 'HEAD'),
    ],
    'changes in the tree': [
      async (folder, flow) => {
        await add(folder, 'a');
        await flow(INIT);
        await flow(start('x'));
        await writeFile(path.join(folder, 'a'), 'changed');
      },
      finish('x'),
    ],
    'no such feature': [(_folder, flow) => flow(INIT), finish('x')],
    'develop behind the remote': [
      async (folder, flow) => {
        await flow(INIT);
        await add(folder, 'd');
        await addOrigin(folder);
        await run(folder, 'fetch', '-q', 'origin');
        await run(folder, 'reset', '-q', '--hard', 'HEAD~1');
      },
      start('x'),
    ],
  };

  test.each(Object.entries(refusals))('%s', async (_name, [prepare, request]) => {
    for (const tool of [avh, ours]) {
      const { folder, graph, config } = await play(tool, prepare);
      const { ok } = await tool.flow(folder, request);
      expect([tool.name, ok, await readState(folder, ground().env)]).toEqual([tool.name, false, { graph, config }]);
    }
  });
});

describe('each tool continues what the other has begun', () => {
  const prepared = async (first: Tool): Promise<string> => {
    const { folder } = await play(first, async (made, flow) => {
      await add(made, 'a', 'base');
      await flow(INIT);
      await flow(start('x.1'));
      await add(made, 'f', '1');
      await add(made, 'f', '2');
    });
    return folder;
  };

  test('AVH lists and finishes a feature that we started', async () => {
    const folder = await prepared(ours);
    expect((await end(folder, ground().env, 'git', 'flow', 'feature', 'list')).output).toContain('* x.1');
    expect((await end(folder, ground().env, 'git', 'flow', 'config')).output).toContain('develop');
    expect(await avh.flow(folder, finish('x.1'))).toMatchObject({ ok: true });
    expect((await readFlow(folder, { env: ground().env })).topics).toEqual([]);
    expect(await readFlowConfig(folder, ground().env)).toHaveLength(9);
  });

  test('we list and finish a feature that AVH started', async () => {
    const folder = await prepared(avh);
    const state = await readFlow(folder, { env: ground().env });
    expect(state).toMatchObject({ initialised: true, edition: 'avh', production: 'master', develop: 'develop' });
    expect(state.topics).toMatchObject([
      { type: 'feature', name: 'x.1', base: 'develop', distance: { ahead: 2, behind: 0 }, current: true },
    ]);
    expect(await ours.flow(folder, finish('x.1'))).toMatchObject({ ok: true });
    expect(await readFlowConfig(folder, ground().env)).toHaveLength(9);
    expect((await end(folder, ground().env, 'git', 'flow', 'feature', 'list')).output).toContain('No feature branches');
  });

  test.each([
    [avh, ours],
    [ours, avh],
  ])('a conflict of $name is completed by the other', async (first, second) => {
    const { folder } = await play(first, async (made, flow) => {
      await add(made, 'a', 'base');
      await flow(INIT);
      await flow(start('x'));
      await makeConflict(made);
    });
    expect(await first.flow(folder, finish('x'))).toMatchObject({ ok: false });
    expect(await readFile(path.join(folder, '.git', '.gitflow', 'MERGE_BASE'), 'utf8')).toBe('develop\n');
    const unfinished = (await readFlow(folder, { env: ground().env })).unfinished;
    expect(unfinished).toMatchObject({ kind: 'finish', branch: 'feature/x', base: 'develop', conflicts: ['a'] });
    expect(await second.flow(folder, finish('x'))).toMatchObject({ ok: false });
    await resolve(folder);
    expect(await second.flow(folder, finish('x'))).toMatchObject({ ok: true });
    expect(await run(folder, 'branch', '--list', 'feature/*')).toBe('');
    expect(await readFlowConfig(folder, ground().env)).toHaveLength(9);
    expect((await readFlow(folder, { env: ground().env })).unfinished).toBeNull();
  });
});
