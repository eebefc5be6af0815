import { expect, test } from 'vitest';
import {
  parseManifest,
  planProject,
  resolveAnswers,
  type Answers,
  type Template,
} from '../../../../src/core/scaffold/scaffold.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function answer(given: Record<string, string> = {}): Answers {
  const { answers, problems } = resolveAnswers(given, { folderName: 'digits', year: 2025 });
  expect(problems).toEqual([]);
  return answers!;
}

function layer(manifest: string, files: Record<string, string>): Template['layers'][number] {
  const { value, problems } = parseManifest(manifest, 'template.yaml');
  expect(problems).toEqual([]);
  const all = Object.entries({ 'template.yaml': manifest, ...files });
  return { manifest: value!, files: all.map(([path, content]) => ({ path, content: bytes(content) })) };
}

function plan(template: Template, given: Record<string, string> = {}): Record<string, string> {
  const { files } = planProject(answer(given), template, '1.2.3');
  return Object.fromEntries(files.map(({ path, content }) => [path, new TextDecoder().decode(content)]));
}

const template = (manifest: string, files: Record<string, string>): Template => ({
  name: 'mine',
  layers: [layer(manifest, files)],
});

test('only listed files are filled in, and the manifest stays behind', () => {
  const planned = plan(template('render: [a.md]', { 'a.md': 'by {{author_name}}', 'b.md': '{{author_name}}' }));
  expect(planned).toEqual({ 'a.md': 'by The authors of digits', 'b.md': '{{author_name}}' });
});

test('bytes that are no text are copied as they are', () => {
  const content = Uint8Array.from([0, 255, 13, 10, 195]);
  const { files } = planProject(
    answer(),
    { name: 'x', layers: [{ ...layer('version: 1', {}), files: [{ path: 'a.bin', content }] }] },
    '1',
  );
  expect(files).toEqual([{ path: 'a.bin', content }]);
});

test('dots are put back', () => {
  const files = { 'dot-github/workflows/x.yml': '', 'dot-gitignore': '', 'a/dot-gitkeep': '', 'polka-dot-x': '' };
  expect(Object.keys(plan(template('version: 1', files)))).toEqual([
    '.github/workflows/x.yml',
    '.gitignore',
    'a/.gitkeep',
    'polka-dot-x',
  ]);
});

test('a layer replaces files of the one below, whose list of files to fill in still holds', () => {
  const below = layer('render: [README.md]', { 'README.md': 'below', 'x': '1' });
  const above = layer('version: 7', { 'README.md': '{{template_name}} {{template_version}} {{engine_version}}' });
  expect(plan({ name: 'top', layers: [below, above] })).toEqual({ 'README.md': 'top 7 1.2.3', 'x': '1' });
});

test('a file is chosen by an answer', () => {
  const choosing = template(
    'render: [LICENSE]\nchoose: { LICENSE: { question: open_source_license, files: { MIT: l/mit.txt } } }',
    { 'l/mit.txt': '(c) {{year}} {{author_name}}' },
  );
  expect(plan(choosing, { author_name: 'Ada', year: '1999' })).toEqual({ LICENSE: '(c) 1999 Ada' });
  expect(plan(choosing, { open_source_license: 'none' })).toEqual({});
});

test("a bucket becomes DVC's default remote", () => {
  const remote = template('render: [.dvc/config]', { 'dot-dvc/config': '{{dvc_remote}}' });
  expect(plan(remote)['.dvc/config']).toBe('');
  expect(plan(remote, { s3_bucket: 'my-bucket/digits', aws_profile: 'ml' })['.dvc/config']).toBe(
    `[core]\n    remote = storage\n['remote "storage"']\n    url = s3://my-bucket/digits\n    profile = ml\n`,
  );
});

test('the same answers give the same plan, in the order of the paths', () => {
  const mixed = template('render: [b.md]', { 'b.md': '{{project_name}}', 'a': '', 'B': 'x' });
  expect(planProject(answer(), mixed, '1')).toEqual(planProject(answer(), mixed, '1'));
  expect(Object.keys(plan(mixed))).toEqual(['B', 'a', 'b.md']);
});

const refused: [string, Template, RegExp][] = [
  ['a way out', template('version: 1', { '../x': '' }), /leads out/],
  ['hooks of git', template('version: 1', { 'dot-git/hooks/post-commit': '' }), /git's own/],
  ['an unknown name', template('render: [a.md]', { 'a.md': '{{who}}' }), /mistakes/],
  ['a file that is not there', template('render: [b.md]', { 'a.md': '' }), /b\.md, which is not there/],
  ['filling in a script', template('render: [x.sh]', { 'x.sh': '' }), /mistakes/],
  [
    'a choice that is not there',
    template('choose: { L: { question: open_source_license, files: { MIT: no.txt } } }', {}),
    /no file no\.txt/,
  ],
];
test.each(refused)('a template with %s is refused', (_, hostile, words) => {
  expect(() => plan(hostile)).toThrow(words);
});

test('a manifest is checked, with places', () => {
  expect(parseManifest('version: 0\nrender: x\nhooks: [a]\n', 't.yaml')).toMatchObject({
    value: undefined,
    problems: [{ line: 1 }, { line: 2 }, { line: 3, message: 'There is no key "hooks".' }],
  });
  expect(parseManifest('base: ../up', 't.yaml').value).toBeUndefined();
  expect(parseManifest('- x', 't.yaml').value).toBeUndefined();
});
