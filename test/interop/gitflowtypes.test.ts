import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FlowRequest } from '../../src/protocol/gitflow.ts';
import { git } from '../unit/node/git/repository.ts';
import {
  M,
  finish,
  hotfix,
  on,
  rebase,
  release,
  remove,
  rename,
  start,
  useBeginnings,
  useFlowTools,
  type Script,
} from './flowtools.ts';

const tools = useFlowTools();
const { ground, ours, avh, add, run, addOrigin, resolve, playReady } = tools;
const { begin, conflictInProduction, conflictInDevelop } = useBeginnings(tools);

const set = (folder: string, key: string, value: string): Promise<string> => run(folder, 'config', key, value);

/** A feature `x` of two commits, while develop has moved. */
async function beginFeature(folder: string, flow: (request: FlowRequest) => Promise<void>): Promise<void> {
  await flow(start('x'));
  await add(folder, 'x');
  await add(folder, 'y');
  await run(folder, 'checkout', '-q', 'develop');
  await add(folder, 'd');
}

/** Somebody else has pushed feature/x, and we know nothing of it. */
async function publishElsewhere(folder: string): Promise<void> {
  const origin = await addOrigin(folder);
  const other = await ground().make('other');
  await run(other, 'clone', '-q', '-b', 'develop', origin, '.');
  await run(other, 'checkout', '-q', '-b', 'feature/x');
  await add(other, 'x');
  await run(other, 'push', '-q', 'origin', 'feature/x');
}

const scripts: Readonly<Record<string, Script>> = {
  'a release of one commit': async (folder, flow) => {
    await begin(folder, flow, 'release');
    await flow(release('1.0'));
  },
  'a release without commits': async (_folder, flow) => {
    await flow(start('1.0', undefined, 'release'));
    await flow(release('1.0'));
  },
  'a release after features, development has moved': async (folder, flow) => {
    await add(folder, 'd1');
    await begin(folder, flow, 'release', '1.2.0');
    await run(folder, 'checkout', '-q', 'develop');
    await add(folder, 'd2');
    await flow(release('1.2.0'));
  },
  'a release with a prefix of version tags': async (folder, flow) => {
    await set(folder, 'gitflow.prefix.versiontag', 'v');
    await begin(folder, flow, 'release');
    await flow(release('1.0'));
  },
  'a release with the message from a file': async (folder, flow) => {
    await begin(folder, flow, 'release');
    await writeFile(path.join(folder, 'message'), 'From a file');
    await flow(release('1.0', { messageFile: path.join(folder, 'message') }));
  },
  'a release without a tag': async (folder, flow) => {
    await begin(folder, flow, 'release');
    await flow(release('1.0', { noTag: true }));
  },
  'a release without a tag by a setting': async (folder, flow) => {
    await set(folder, 'gitflow.release.finish.notag', 'yes');
    await begin(folder, flow, 'release');
    await flow(release('1.0', {}));
  },
  'a release that is kept': async (folder, flow) => {
    await begin(folder, flow, 'release');
    await flow(release('1.0', { ...M, keep: true }));
  },
  'a release whose branch goes into development': async (folder, flow) => {
    await begin(folder, flow, 'release');
    await flow(release('1.0', { ...M, noBackMerge: true }));
  },
  'a release that does not come into development': async (folder, flow) => {
    await begin(folder, flow, 'release');
    await flow(release('1.0', { ...M, noDevelopMerge: true }));
  },
  'a release under another tag': async (folder, flow) => {
    await begin(folder, flow, 'release');
    await flow(release('1.0', { ...M, tagName: 'one' }));
  },
  'a release as one commit': async (folder, flow) => {
    await begin(folder, flow, 'release');
    await add(folder, 's');
    await flow(release('1.0', { ...M, squash: true }));
  },
  'a release as one commit that tells of the others': async (folder, flow) => {
    await set(folder, 'gitflow.release.finish.squash-info', 'true');
    await begin(folder, flow, 'release');
    await add(folder, 's');
    await flow(release('1.0', { ...M, squash: true }));
  },
  'a release from a support branch': async (folder, flow) => {
    await begin(folder, flow, 'release');
    await flow(release('1.0'));
    await flow(start('1.x', '1.0', 'support'));
    await flow(start('1.1', 'support/1.x', 'release'));
    await add(folder, 's');
    await flow(release('1.1'));
  },
  'a published release, all of it pushed': async (folder, flow) => {
    await addOrigin(folder);
    await begin(folder, flow, 'release');
    await flow(on('publish', '1.0', 'release'));
    await flow(release('1.0', { ...M, push: true }));
  },
  'a published release that stays on the remote': async (folder, flow) => {
    await addOrigin(folder);
    await begin(folder, flow, 'release');
    await flow(on('publish', '1.0', 'release'));
    await flow(release('1.0', { ...M, keepRemote: true, forceDelete: true, push: true }));
  },
  'the message of the tag by a setting': async (folder, flow) => {
    await set(folder, 'gitflow.release.finish.message', 'By a setting');
    await begin(folder, flow, 'release');
    await flow(release('1.0', {}));
  },
  'a filter of the version': async (folder, flow) => {
    const file = path.join(folder, '.git', 'hooks', 'filter-flow-release-start-version');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '#!/bin/sh\necho "$1.0"\n');
    await chmod(file, 0o755);
    await begin(folder, flow, 'release');
    await flow(release('1.0.0'));
  },
  'a release that met a conflict in production': async (folder, flow) => {
    await conflictInProduction(folder, flow);
    await expect(flow(release('1.0'))).rejects.toThrow();
    await resolve(folder);
    await flow(release('1.0'));
  },
  'a release that met a conflict in development': async (folder, flow) => {
    await conflictInDevelop(folder, flow);
    await expect(flow(release('1.0'))).rejects.toThrow();
    await resolve(folder);
    await flow(release('1.0'));
  },
  'a release rebased, and one deleted': async (folder, flow) => {
    await begin(folder, flow, 'release');
    await run(folder, 'checkout', '-q', 'develop');
    await add(folder, 'd');
    await flow(rebase('1.0', 'release'));
    await flow(remove('1.0', { force: true }, 'release'));
  },
  'a hotfix': async (folder, flow) => {
    await begin(folder, flow, 'hotfix');
    await flow(hotfix('1.0'));
  },
  'a hotfix without commits': async (_folder, flow) => {
    await flow(start('1.0', undefined, 'hotfix'));
    await flow(hotfix('1.0'));
  },
  'a hotfix beside an open release': async (folder, flow) => {
    await begin(folder, flow, 'release');
    await flow(start('1.0.1', undefined, 'hotfix'));
    await add(folder, 'h');
    await flow(hotfix('1.0.1'));
    await flow(release('1.0'));
  },
  'a hotfix without a tag': async (folder, flow) => {
    await begin(folder, flow, 'hotfix');
    await flow(hotfix('1.0', { noTag: true }));
  },
  'a hotfix whose branch goes into development': async (folder, flow) => {
    await begin(folder, flow, 'hotfix');
    await flow(hotfix('1.0', { ...M, noBackMerge: true }));
  },
  'a hotfix as one commit, kept': async (folder, flow) => {
    await begin(folder, flow, 'hotfix');
    await add(folder, 's');
    await flow(hotfix('1.0', { ...M, squash: true, keep: true }));
  },
  'a hotfix of a support branch': async (folder, flow) => {
    await flow(start('1.x', 'master', 'support'));
    await flow(start('1.0.1', 'support/1.x', 'hotfix'));
    await add(folder, 'h');
    await flow(hotfix('1.0.1'));
  },
  'two hotfixes at once, where that is allowed': async (folder, flow) => {
    await set(folder, 'gitflow.multi-hotfix', 'true');
    await begin(folder, flow, 'hotfix', '1');
    await flow(start('2', undefined, 'hotfix'));
    await add(folder, 's');
    await flow(hotfix('2'));
    await flow(hotfix('1'));
  },
  'a published hotfix, all of it pushed': async (folder, flow) => {
    await addOrigin(folder);
    await begin(folder, flow, 'hotfix');
    await flow(on('publish', '1.0', 'hotfix'));
    await flow(hotfix('1.0', { ...M, push: true }));
  },
  'a hotfix renamed, and one deleted': async (folder, flow) => {
    await begin(folder, flow, 'hotfix');
    await flow(rename('1.1', '1.0', 'hotfix'));
    await flow(remove('1.1', { force: true }, 'hotfix'));
  },
  'a hotfix that met a conflict in development': async (folder, flow) => {
    await flow(start('1.0', undefined, 'hotfix'));
    await add(folder, 'a', 'theirs');
    await run(folder, 'checkout', '-q', 'develop');
    await add(folder, 'a', 'ours');
    await expect(flow(hotfix('1.0'))).rejects.toThrow();
    await resolve(folder);
    await flow(hotfix('1.0'));
  },
  'a feature as one commit': async (folder, flow) => {
    await beginFeature(folder, flow);
    await flow(finish('x', { squash: true }));
  },
  'a feature as one commit that tells of the others, by settings': async (folder, flow) => {
    await set(folder, 'gitflow.feature.finish.squash', 'on');
    await set(folder, 'gitflow.feature.finish.squash-info', 'on');
    await beginFeature(folder, flow);
    await flow(finish('x'));
  },
  'a feature rebased before it is merged': async (folder, flow) => {
    await beginFeature(folder, flow);
    await flow(finish('x', { rebase: true }));
  },
  'a feature of one commit rebased before it is merged': async (folder, flow) => {
    await flow(start('x'));
    await add(folder, 'x');
    await run(folder, 'checkout', '-q', 'develop');
    await add(folder, 'd');
    await flow(finish('x', { rebase: true }));
  },
  'a feature kept here, and one kept on the remote': async (folder, flow) => {
    await addOrigin(folder);
    for (const [name, options] of [
      ['l', { keepLocal: true, keepRemote: true }],
      ['r', { keepRemote: true, forceDelete: true }],
    ] as const) {
      await flow(start(name));
      await add(folder, name);
      await flow(on('publish', name));
      await flow(finish(name, options));
    }
  },
  'a feature, its result pushed': async (folder, flow) => {
    await addOrigin(folder);
    await beginFeature(folder, flow);
    await flow(finish('x', { push: true }));
  },
  'a feature published and finished': async (folder, flow) => {
    await addOrigin(folder);
    await flow(start('x'));
    await add(folder, 'x');
    await run(folder, 'checkout', '-q', 'develop');
    await flow(on('publish', 'x'));
    await add(folder, 'y');
    await flow(finish('x'));
  },
  'a feature published twice': async (folder, flow) => {
    await addOrigin(folder);
    await flow(start('x'));
    await flow(on('publish', 'x'));
    await add(folder, 'x');
    await flow(on('publish', 'x'));
  },
  'a feature of somebody else': async (folder, flow) => {
    await publishElsewhere(folder);
    await flow(on('track', 'x'));
    await add(folder, 'y');
    await flow(finish('x'));
  },
  'a feature rebased onto its base, which is a feature': async (folder, flow) => {
    await flow(start('b'));
    await add(folder, 'b');
    await flow(start('x', 'feature/b'));
    await add(folder, 'x');
    await run(folder, 'checkout', '-q', 'feature/b');
    await add(folder, 'c');
    await flow(rebase('x'));
  },
  'features deleted: merged, not merged, checked out, on the remote': async (folder, flow) => {
    await addOrigin(folder);
    await flow(start('merged'));
    await flow(start('lost', 'develop'));
    await add(folder, 'l');
    await flow(remove('merged'));
    await flow(remove('lost', { force: true }));
    await flow(start('there'));
    await add(folder, 't');
    await flow(on('publish', 'there'));
    await flow(remove('there', { force: true, remote: true }));
  },
  'features renamed: checked out, and not': async (_folder, flow) => {
    await flow(start('one'));
    await flow(start('two', 'develop'));
    await flow(rename('2.0'));
    await flow(rename('1#0', 'one'));
  },
  'a feature checked out by the beginning of its name': async (_folder, flow) => {
    await flow(start('longer-name'));
    await flow(start('other', 'develop'));
    await flow(on('checkout', 'long'));
  },
  'support from a commit, and bugfixes beside it': async (folder, flow) => {
    await flow(start('1.x', await git(folder, ground().env, 'rev-parse', 'master'), 'support'));
    await add(folder, 's');
    await flow(start('b', undefined, 'bugfix'));
    await add(folder, 'b');
    await flow(rename('c', 'b', 'bugfix'));
    await flow(finish('c', {}, 'bugfix'));
  },
  'prefixes of one’s own, and an empty one': async (folder, flow) => {
    await set(folder, 'gitflow.prefix.release', 'r-');
    await set(folder, 'gitflow.prefix.feature', '');
    await flow(start('x'));
    await add(folder, 'x');
    await flow(finish('x'));
    await begin(folder, flow, 'release', '2');
    await flow(release('2'));
  },
};

describe.concurrent('the same script by both tools: equal commits, branches, tags and keys, on the remote too', () => {
  test.each(Object.entries(scripts))('%s', async (_name, script) => {
    const theirs = await playReady(avh, script);
    const mine = await playReady(ours, script);
    expect(mine.graph).toEqual(theirs.graph);
    expect(mine.config).toEqual(theirs.config);
  });
});
