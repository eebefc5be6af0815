import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { substitute } from '../../../../src/core/scaffold/substitution.ts';

const hostile = [
  'plain',
  'it\'s "quoted": {a: [b]} # no comment',
  'back\\slash \\n \\u0041',
  '${{ github.token }} and ${item} and {{project_name}}',
  "$& $1 $` $'",
  '- list',
  '# heading',
  '<script>alert(1)</script> [x](http://y) `z` *b*',
  '\u2028\u2029\u0085\ufeff\u007f',
  '😀 数字',
  '%YAML @ ! & * ? | >',
];

const fill = (path: string, content: string, value: string): string => {
  const { text, problems } = substitute(content, path, { project_name: value });
  expect(problems).toEqual([]);
  return text;
};

test.each(hostile)('%j comes back from JSON and YAML as it was', (value) => {
  expect(JSON.parse(fill('package.json', '{"name": "{{project_name}}"}', value))).toEqual({ name: value });
  expect(parse(fill('a.yaml', 'name: "{{project_name}}"', value))).toEqual({ name: value });
  expect(parse(fill('MLproject', 'name: "{{ project_name }}"', value))).toEqual({ name: value });
});

test('DVC and GitHub see no expression of theirs in an answer', () => {
  const dvc = parse(fill('dvc.yaml', 'a: "{{project_name}}"', '${item}')) as { a: string };
  expect(dvc.a).toBe('\\${item}');
  const workflow = parse(fill('.github/workflows/x.yml', 'a: "{{project_name}}"', 'x ${{ secrets.A }}')) as {
    a: string;
  };
  // GitHub evaluates the first expression to the three characters, and finds no other.
  expect(workflow.a).toBe("x ${{ '${{' }} secrets.A }}");
});

test('expressions of the template itself are left alone', () => {
  const text = 'a: ${{ matrix.os }} ${{github.sha}}';
  expect(fill('.github/workflows/x.yml', text, 'x')).toBe(text);
});

test('Markdown shows an answer as it is', () => {
  expect(fill('README.md', '# {{project_name}}', '<b> [x](y) `z`')).toBe('# \\<b\\> \\[x\\](y) \\`z\\`');
  expect(fill('README.md', '{{project_name}}', '# no heading')).toBe('\\# no heading');
  expect(fill('README.md', '{{project_name}}', '1. no list')).toBe('1\\. no list');
});

test('an unknown name is a problem with its place', () => {
  expect(substitute('a\n  {{nobody}} {{constructor}}', 'x.md', {}).problems).toMatchObject([
    { file: 'x.md', line: 2, column: 3, message: expect.stringContaining('"nobody"') },
    { file: 'x.md', line: 2, column: 14, message: expect.stringContaining('"constructor"') },
  ]);
});

test.each(['Makefile', 'run.sh', 'src/a.ts', 'x.py'])('nothing is put into %s', (path) => {
  expect(substitute('{{project_name}}', path, { project_name: 'x' }).problems).toHaveLength(1);
});
