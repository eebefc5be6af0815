import { readdir, symlink } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { TestProject } from './bench.ts';

let project: TestProject;
afterEach(() => project.remove());

describe('files of every kind', () => {
  it('params below an output of another stage', async () => {
    project = await TestProject.create({
      'dvc.yaml':
        'stages: {p: {cmd: "mkdir conf; echo a: 1 > conf/p.yaml", outs: [conf]}, s: {cmd: echo, deps: [conf], params: [conf/p.yaml: [a]]}}',
    });
    expect(await project.outcomes()).toBe('p:succeeded s:succeeded');
    expect(await project.states()).toBe('p:fresh s:fresh');
  });

  it('projects below are left alone', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages: {s: {cmd: echo}}',
      'sub/.dvc/config': '',
      'sub/dvc.yaml': 'stages: {t: {cmd: echo}}',
    });
    expect(await project.states()).toBe('s:never-run');
  });

  it('remarks in the configuration of DVC are none of its values', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages: {s: {cmd: "echo > o", outs: [o]}}',
      '.dvc/config': '[cache]\n    type = copy # safe\n    dir = "../c #1"  # ours\n',
    });
    expect(await project.outcomes()).toBe('s:succeeded');
    expect(await readdir(project.path('c #1'))).toContain('files');
  });

  it('folders with odd names, links, empty folders, .dvcignore', async () => {
    project = await TestProject.create({
      'dvc.yaml':
        'stages: {s: {cmd: "mkdir -p out/empty; cp -r in/. out", deps: [in], outs: [out]}, e: {cmd: mkdir e, outs: [e]}}',
      'in/é "q" \\ 😀.txt': 'x',
      'in/skip.tmp': 'y',
      'in/deep/a': '',
      '.dvcignore': '*.tmp\n',
      'elsewhere/big': 'z',
    });
    await symlink('../elsewhere', project.path('in/linked-folder'));
    await symlink('../elsewhere/big', project.path('in/linked-file'));
    expect(await project.outcomes()).toBe('s:succeeded e:succeeded');
    const lock = await project.read('dvc.lock');
    expect(lock).toContain('md5: d751713988987e9331980363e24189ce.dir\n      size: 0\n      nfiles: 0\n');
    expect(/path: in\n.*\n.*\n.*\n\s*nfiles: (\d)/.exec(lock)![1]).toBe('3');
    await project.write('in/skip.tmp', 'changed');
    expect(await project.states()).toBe('s:fresh e:fresh');
  });

  it('a pipe in a dependency is refused, never opened', async () => {
    project = await TestProject.create({ 'dvc.yaml': 'stages: {s: {cmd: echo, deps: [in]}}', 'in/x': '' });
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [project.path('in/fifo')]);
    expect((await project.run()).stages[0]).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('neither a file nor a folder') as string,
    });
  });

  it('persist keeps the output for the next run, and the exec bit is told', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages: {s: {cmd: "echo x >> log; chmod +x log", deps: [in], outs: [log: {persist: true}]}}',
      'in': '1',
    });
    await project.run();
    await project.write('in', '2');
    await project.run();
    expect(await project.read('log')).toBe('x\nx\n');
    expect(await project.read('dvc.lock')).toContain('size: 4\n      isexec: true\n');
  });

  it('lock entries of DVC 2 are compared by the hash of DVC 2, until their file changes', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages: {s: {cmd: cp in out, deps: [in], outs: [out: {cache: false}]}}',
      'in': 'a\r\nb\r\n',
      'out': 'a\r\nb\r\n',
      'dvc.lock':
        "schema: '2.0'\nstages:\n  s:\n    cmd: cp in out\n    deps:\n    - path: in\n      md5: dd8c6a395b5dd36c56d23275028f526c\n      size: 6\n    outs:\n    - path: out\n      md5: dd8c6a395b5dd36c56d23275028f526c\n      size: 6\n",
    });
    expect(await project.states()).toBe('s:fresh');
    await project.write('in', 'a\r\nc\r\n');
    expect(await project.states()).toBe('s:stale');
    await project.write('in', 'a\r\nb\r\n');
    const before = await project.read('dvc.lock');
    await project.run({ force: true });
    expect(await project.read('dvc.lock')).toBe(before);
    await project.write('in', 'a\r\nb\r\n\r\n');
    await project.run();
    expect(
      (await project.read('dvc.lock')).match(/hash: md5\n {6}md5: 13dee0d1bd96b11db585c462973cf462/g),
    ).toHaveLength(2);
  });

  it('frozen stages are not run, always_changed ones each time', async () => {
    project = await TestProject.create({
      'dvc.yaml':
        'stages: {f: {cmd: cp in f, deps: [in], outs: [f], frozen: true}, a: {cmd: echo a > a, deps: [f], outs: [a], always_changed: true}}',
      'in': '1',
      'f': 'old',
    });
    expect(await project.outcomes()).toBe('f:skipped a:succeeded');
    await project.write('in', '2');
    expect(await project.outcomes()).toBe('f:skipped a:succeeded');
    expect([await project.read('f'), await project.states()]).toEqual(['old', 'f:frozen a:stale']);
  });

  it('dvc.yaml files below the root belong to the pipeline; ignored folders do not', async () => {
    project = await TestProject.create({
      'dvc.yaml': 'stages: {top: {cmd: cp sub/o t, deps: [sub/o], outs: [t]}}',
      'sub/dvc.yaml': 'stages: {low: {cmd: echo 1 > o, outs: [o]}}',
      'node_modules/x/dvc.yaml': 'nonsense',
      '.dvcignore': 'node_modules\n',
    });
    expect(await project.outcomes()).toBe('sub/dvc.yaml:low:succeeded top:succeeded');
    expect(await project.read('sub/dvc.lock')).toContain('  low:\n');
    expect(await project.states()).toBe('top:fresh sub/dvc.yaml:low:fresh');
  });
});
