import { chmod, lstat, mkdtemp, readFile, readdir, readlink, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestProject, bundleCommands, startCommand, toOutcomes, until } from './bench.ts';

// mlops run --keep-outputs: what a stage that did not end well has done to its outputs is undone.

const pipeline = `stages:
  s:
    cmd: sh work.sh
    deps: [in.txt]
    outs: [file, folder, log: {persist: true}, new, link]
    metrics: [score.json: {cache: false}]
`;
const makeAll = `mkdir -p folder; date > folder/b; echo x >> log
for name in file new link score.json; do cat in.txt > $name; done
`;

let project: TestProject;
afterEach(() => project.remove());

/** A project whose outputs stand as a person has left them: edited, by links, one missing. Nothing else holds this content. */
async function create(): Promise<void> {
  project = await TestProject.create({ 'dvc.yaml': pipeline, 'in.txt': '1\n', 'work.sh': makeAll });
  expect(await project.outcomes()).toBe('s:succeeded');
  await project.write('file', 'edited\n');
  await chmod(project.path('file'), 0o755);
  await project.write('folder/deep/a', 'kept');
  await project.write('log', 'x\ny\n');
  await project.write('score.json', '{"edited": true}');
  await project.age('file', 'log', 'score.json');
  for (const name of ['new', 'link']) await rm(project.path(name));
  await symlink('nowhere', project.path('link'));
}

/** Everything that a person would miss: content, modes, times, links, the lock and the cache. */
async function picture(): Promise<string[]> {
  const names = await readdir(project.root, { recursive: true });
  const kept = names.filter((name) => !/^\.mlops|^\.dvc\/tmp|^go$/.test(name)).sort();
  return Promise.all(
    kept.map(async (name) => {
      const stat = await lstat(project.path(name));
      const times = stat.isDirectory() ? '' : stat.mtimeMs;
      const content = stat.isFile() ? await readFile(project.path(name), 'latin1') : '';
      const target = stat.isSymbolicLink() ? await readlink(project.path(name)) : '';
      return `${name} ${stat.mode.toString(8)} ${times} ${target} ${content}`;
    }),
  );
}

const isAsideEmpty = async (): Promise<boolean> =>
  (await readdir(project.path('.mlops/state/outputs')).catch(() => [])).length === 0;

describe('outputs come back', () => {
  it.each([
    ['the command fails', `${makeAll}exit 3`, 'failed'],
    ['it dies', `${makeAll}kill -9 $$`, 'failed'],
    ['it makes nothing', 'true', 'failed'],
    ['an output is missing', `${makeAll}rm -r folder`, 'failed'],
    ['its metrics are binary', `${makeAll}printf 'a\\0b' > score.json`, 'failed'],
    ['it removes what it is not asked for', 'rm -rf file folder log new link score.json; exit 1', 'failed'],
    ['it is stopped', `${makeAll}touch go; sleep 300`, 'stopped'],
  ])('when %s', async (_, work, outcome) => {
    await create();
    await project.write('work.sh', work);
    const before = await picture();
    const abort = new AbortController();
    if (outcome === 'stopped')
      void until(() => project.read('go').catch(() => undefined)).then(() => abort.abort('SIGINT'));
    expect(toOutcomes(await project.run({ keepOutputs: true, force: true }, abort.signal))).toBe(`s:${outcome}`);
    expect(await picture()).toEqual(before);
    expect(await isAsideEmpty()).toBe(true);
  });

  it('not when it ends well: then they are the new ones', async () => {
    await create();
    await project.write('in.txt', '2\n');
    expect(toOutcomes(await project.run({ keepOutputs: true }))).toBe('s:succeeded');
    expect([await project.read('file'), await project.read('log')]).toEqual(['2\n', 'x\ny\nx\n']);
    expect(await project.states()).toBe('s:fresh');
    expect(await isAsideEmpty()).toBe(true);
  });

  it('not without the option, as in DVC', async () => {
    await create();
    await project.write('work.sh', 'exit 1');
    await project.run({ force: true });
    await expect(project.read('file')).rejects.toThrow();
  });
});

describe('a killed run', () => {
  let folder: string;
  let cli: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-keep-'));
    cli = await bundleCommands(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function kill(): Promise<string[]> {
    await create();
    await project.write('work.sh', `${makeAll}touch go; sleep 300`);
    const before = await picture();
    const { child, ended } = startCommand(cli, ['run', '--force', '--keep-outputs'], project);
    await until(() =>
      project.read('go').then(
        () => true,
        () => false,
      ),
    );
    child.kill('SIGKILL');
    await ended;
    expect(await project.read('file')).toBe('1\n');
    await rm(project.path('go'));
    return before;
  }

  it('gives them back when the next one begins, whatever that does', async () => {
    const before = await kill();
    await project.write('dvc.yaml', pipeline.replace('stages:', 'stages:\n  other: {cmd: echo}'));
    await project.run({ stages: ['other'] });
    const notes = project.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    expect(notes).toContain('Put back the outputs that a killed run had taken from the stage s.');
    await project.write('dvc.yaml', pipeline);
    const isOwn = (line: string): boolean => !/^(dvc\.(yaml|lock)|\.dvc)\b/.test(line);
    expect((await picture()).filter(isOwn)).toEqual(before.filter(isOwn));
    expect(await isAsideEmpty()).toBe(true);
  });

  it('does not when the stage has ended well since', async () => {
    await kill();
    const lock = await project.read('dvc.lock');
    // As DVC would have written it meanwhile.
    await project.write(
      'dvc.lock',
      lock.replace(/(path: in\.txt\n.*\n\s+md5: )\w+/, '$1d3d9446802a44259755d38e6d163e820'),
    );
    await project.write('work.sh', makeAll);
    await project.run();
    expect(await project.read('file')).toBe('1\n');
    expect(await isAsideEmpty()).toBe(true);
  });
});
