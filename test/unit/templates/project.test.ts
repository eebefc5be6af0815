import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { listFiles } from '../../../src/node/files/files.ts';
import { parseConfig } from '../../../src/core/config/config.ts';
import { renderProject } from './rendered.ts';

const run = promisify(execFile);
const plain: Record<string, string> = {};
const hostile: Record<string, string> = {
  project_name: `Q"uo'tes: \\ \${{ github.token }} \${item} #{} <b> {{x}}`,
  author_name: `A, "B" & C: {D}`,
  description: 'first line\n- second: "line" `code` $(touch owned) %{x}\n---\n',
};

describe.each([
  ['mnist', plain],
  ['blank', plain],
  ['mnist', hostile],
  ['blank', hostile],
])('a project from %s with answers %j', (template, answers) => {
  let project: Awaited<ReturnType<typeof renderProject>>;
  beforeAll(async () => {
    project = await renderProject(template, answers);
  });
  afterAll(() => project.remove());
  const text = (name: string): Promise<string> => readFile(path.join(project.root, name), 'utf8');

  test('every JSON and YAML file can be read', async () => {
    for (const name of await listFiles(project.root)) {
      if (name.startsWith('.git/')) continue;
      if (name.endsWith('.json')) JSON.parse(await text(name));
      if (/\.ya?ml$|MLproject$/.test(name)) parse(await text(name), { strict: true });
    }
  });

  test('answers come back as they were given', async () => {
    const given = parse(await text('.mlops/project.yaml')) as { answers: Record<string, string> };
    const expected = Object.fromEntries(
      Object.entries(answers).map(([name, answer]) => [name, answer.replace(/\s+/g, ' ').trim()]),
    );
    expect(given.answers).toMatchObject(expected);
  });

  test('the configurations have neither errors nor unknown keys', async () => {
    for (const name of (await listFiles(path.join(project.root, 'configs'))).map((file) => `configs/${file}`)) {
      const { value, problems } = parseConfig(await text(name), name);
      expect(problems).toEqual([]);
      expect(value?.model.name).toBe(path.basename(name, '.yaml'));
    }
  });
});

// Answers never land in code, so plain ones are enough.
test.each(['mnist', 'blank'])('the code of %s type-checks strictly with nothing installed', async (template) => {
  const { root, remove } = await renderProject(template);
  const tsc = path.resolve('node_modules/typescript/bin/tsc');
  const said = await run(process.execPath, [tsc, '-p', '.', '--noUnusedLocals'], { cwd: root }).then(
    () => '',
    (error: unknown) => (error as { stdout: string }).stdout,
  );
  expect(said).toBe('');
  await remove();
});

test('a licence is there when one was chosen', async () => {
  for (const [licence, words] of [
    ['MIT', 'MIT License'],
    ['BSD-3-Clause', 'BSD 3-Clause License'],
    ['none', undefined],
  ] as const) {
    const { root, remove } = await renderProject('blank', { open_source_license: licence, author_name: 'Ada', year: '2025' });
    const file = await readFile(path.join(root, 'LICENSE'), 'utf8').catch(() => undefined);
    expect(file?.split('\n')[0]).toBe(words);
    if (file !== undefined) expect(file).toMatch(/Copyright \(c\) 2025,? Ada/);
    await remove();
  }
});

test('the two models and no others are trained, and every file that a stage names is there', async () => {
  const { root, remove } = await renderProject('mnist');
  const { stages } = parse(await readFile(path.join(root, 'dvc.yaml'), 'utf8')) as {
    stages: Record<string, { foreach?: string[]; deps?: string[]; do?: { deps: string[] } }>;
  };
  const files = await listFiles(root);
  const models = (await listFiles(path.join(root, 'configs'))).map((file) => path.basename(file, '.yaml'));
  expect(stages['train']?.foreach?.toSorted()).toEqual(models.toSorted());
  const deps = Object.values(stages).flatMap((stage) => [
    ...(stage.deps ?? []),
    ...(stage.do?.deps ?? []).flatMap((dep) => models.map((model) => dep.replace('${item}', model))),
  ]);
  for (const dep of deps.filter((name) => name.startsWith('src/')))
    expect(files.some((file) => file === dep || file.startsWith(`${dep}/`))).toBe(true);
  await remove();
});
