import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cache, HashState, hashPath, type HashContext } from '../../../../src/node/cache/cache.ts';
import { Ignores } from '../../../../src/node/ignores/ignores.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { TestProject } from '../pipeline/bench.ts';

let project: TestProject;
beforeEach(async () => {
  project = await TestProject.create({});
});
afterEach(() => project.remove());

const open = async (signal?: AbortSignal): Promise<HashContext> => ({
  root: project.root,
  state: await HashState.open({ root: project.root }),
  ignores: new Ignores(project.root, '.dvcignore', []),
  signal,
});
const writeSmallFile = (name: string, text: string): void => {
  mkdirSync(path.dirname(project.path(name)), { recursive: true });
  writeFileSync(project.path(name), text);
};
const cache = (): string => project.path('.dvc/cache');
const md5 = (bytes: Uint8Array | string): string => createHash('md5').update(bytes).digest('hex');
const messageOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(() => undefined).catch((reason: unknown) => reason);
  return error instanceof ExpectedError ? `${error.code}: ${error.message}` : String(error);
};
/** Everything in the cache is what its name says, and nothing half-made is left. */
async function checkCache(): Promise<number> {
  const names = await readdir(path.join(cache(), 'files/md5'), { recursive: true }).catch(() => [] as string[]);
  const objects = names.filter((name) => name.length > 3);
  for (const name of objects) {
    const object = name.replace('/', '').replace(/\.dir$/, '');
    expect(md5(await readFile(path.join(cache(), 'files/md5', name)))).toBe(object);
  }
  return objects.length;
}

describe('many files', () => {
  const count = 3200;
  beforeEach(() => {
    for (let folder = 0; folder < 4; folder += 1)
      for (let file = 0; file < count / 4; file += 1) writeSmallFile(`data/${folder}/${file}`, `${folder} ${file % 7}`);
  });

  it('come to the same hash in threads and alone, are all in the cache, and are remembered', async () => {
    await project.age(...(await readdir(project.path('data'), { recursive: true })).map((name) => `data/${name}`));
    const context = await open();
    const first = await hashPath('data', 'md5', context, { cache: cache() });
    // The real number of different contents, and the folder itself.
    expect(await checkCache()).toBe(4 * 7 + 1);
    expect(first).toMatchObject({ nfiles: count, isDirectory: true });
    await context.state.save({ prune: true });
    expect((await hashPath('data', 'md5', await open()))?.md5).toBe(first?.md5);
    await project.write('data/2/17', 'other');
    const changed = await hashPath('data', 'md5', await open());
    expect(changed?.md5).not.toBe(first?.md5);
    await rm(project.path('.mlops'), { recursive: true });
    expect((await hashPath('data', 'md5', await open()))?.md5).toBe(changed?.md5);
  });

  it('stop when they are told to', async () => {
    const abort = new AbortController();
    const work = hashPath('data', 'md5', await open(abort.signal), { cache: cache() });
    setTimeout(() => abort.abort(new Error('stopped')), 5);
    expect(await messageOf(work)).toBe('Error: stopped');
    expect((await checkCache()) >= 0).toBe(true);
  });
});

describe('the state', () => {
  const hash = async (file = 'f'): Promise<string | undefined> => {
    const context = await open();
    const hashed = await hashPath(file, 'md5', context);
    await context.state.save({ prune: false });
    return hashed?.md5;
  };

  it('of a folder inside a folder never makes the outer one look unchanged', async () => {
    await project.write('a/b/x', '1');
    await project.age('a/b/x');
    const before = await hash('a');
    await project.write('a/b/x', '2');
    await hash('a/b');
    expect(await hash('a')).not.toBe(before);
  });

  it('that is damaged anywhere is as none', async () => {
    await project.write('f', 'x');
    await project.write('d/x', 'y');
    await project.age('f', 'd/x');
    // Its time of change is now, so it is only remembered after the time in which a file may change unseen.
    await new Promise((resolve) => setTimeout(resolve, 2100));
    await hash();
    await hash('d');
    const file = project.path('.mlops/tmp/hashes.bin');
    const whole = await readFile(file);
    expect(whole.length).toBeGreaterThan(100);
    // Every seventh place, so that each field of the file is met.
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      await writeFile(file, damaged);
      expect([await hash('f'), at]).toEqual([md5('x'), at]);
      await writeFile(file, whole.subarray(0, at));
      expect([await hash('f'), at]).toEqual([md5('x'), at]);
    }
  });
});

describe('bad input', () => {
  const cases: [string, () => Promise<unknown>, string][] = [
    [
      'a loop of links',
      () => symlink('loop', project.path('data/loop')),
      'disk: data/loop: its links lead in a circle.',
    ],
    [
      'a link to nowhere',
      () => symlink('nowhere', project.path('data/x')),
      "bad-input: data/x can't be read: it is a broken link",
    ],
    [
      'a socket or a pipe',
      () => once(spawn('mkfifo', [project.path('data/pipe')]), 'close'),
      'bad-input: data/pipe is neither a file nor a folder',
    ],
    [
      'a name that is no UTF-8',
      () => writeFile(Buffer.concat([Buffer.from(`${project.path('data')}/`), Buffer.from([0xff, 0xfe])]), 'x'),
      'its name is no UTF-8',
    ],
  ];
  it.skipIf(process.platform === 'win32').each(cases)('%s is told by its name', async (_, make, message) => {
    await project.write('data/a', 'a');
    await make();
    expect(await messageOf(hashPath('data', 'md5', await open(), { cache: cache() }))).toContain(message);
  });

  it.skipIf(process.platform === 'win32')(
    'a file that is written all the time is not hashed, and no object is wrong',
    async () => {
      await project.write('big', Buffer.alloc(8 << 20, 1));
      await project.write('small', 'x'.repeat(200_000));
      const script = 'while :; do echo x >> big; echo x >> small; done';
      const writer = spawn('sh', ['-c', script], { cwd: project.root });
      try {
        for (const file of ['big', 'small', 'big', 'small']) {
          const message = await messageOf(hashPath(file, 'md5', await open(), { cache: cache() }));
          // It may have rested just long enough.
          if (message !== 'undefined')
            expect(message).toBe(`bad-input: ${file} changes while it is read. Try again when nothing writes to it.`);
        }
      } finally {
        writer.kill('SIGKILL');
        await once(writer, 'close');
      }
      await checkCache();
      await truncate(project.path('big'), 1 << 20);
      expect((await hashPath('big', 'md5', await open(), { cache: cache() }))?.md5).toBe(md5(Buffer.alloc(1 << 20, 1)));
      await checkCache();
    },
  );

  it('an object that anybody could have written into is hashed before it counts, and mended', async () => {
    await project.write('f', 'right');
    const object = path.join(cache(), 'files/md5', md5('right').slice(0, 2), md5('right').slice(2));
    await project.write(path.relative(project.root, object), 'wrong');
    const context = await open();
    expect(await new Cache(cache(), ['copy'], context).holds({ md5: md5('right'), legacy: false })).toBe(false);
    await hashPath('f', 'md5', context, { cache: cache() });
    expect(await checkCache()).toBe(1);
  });
});
