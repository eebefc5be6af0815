import { expect, test } from 'vitest';
import { questions, resolveAnswers } from '../../../../src/core/scaffold/scaffold.ts';

const surroundings = { folderName: 'digits', year: 2025 };

function check(given: Record<string, string>, expected: Record<string, string>): void {
  const { answers, problems } = resolveAnswers(given, surroundings);
  expect(problems).toEqual([]);
  expect(answers).toMatchObject(expected);
}

function refuse(given: Record<string, string>, name: string, words: RegExp): void {
  const { answers, problems } = resolveAnswers(given, surroundings);
  expect(answers).toBeUndefined();
  expect(problems.filter((problem) => problem.name === name).map(({ message }) => message)).toEqual([
    expect.stringMatching(words),
  ]);
}

test('the questions are those of Cookiecutter MLOps, and the year', () => {
  expect(questions.map(({ name }) => name)).toEqual([
    'project_name',
    'repo_name',
    'author_name',
    'description',
    'open_source_license',
    's3_bucket',
    'aws_profile',
    'year',
  ]);
});

test('without answers everything has a default', () => {
  check({}, { project_name: 'digits', repo_name: 'digits', author_name: 'The authors of digits', year: '2025' });
});

test('the repository name follows from the project name', () => {
  check({ project_name: 'My Cool Proj' }, { repo_name: 'my_cool_proj' });
  check({ project_name: 'Prüfstand: Größe 2.0!' }, { repo_name: 'prufstand_gro_e_2.0' });
  check({ project_name: '数字' }, { repo_name: 'project' });
  check({ project_name: '-rf /' }, { repo_name: 'rf' });
  check({ project_name: 'Con' }, { repo_name: 'project_con' });
  check({ project_name: 'COM1.x' }, { repo_name: 'project_com1.x' });
  check({ project_name: 'Console' }, { repo_name: 'console' });
  check({ project_name: 'x'.repeat(99) + ' yz' }, { repo_name: 'x'.repeat(99) });
});

test('line breaks and tabs of a pasted answer become spaces', () => {
  check({ description: ' two\r\n lines\t here ' }, { description: 'two lines here' });
});

test('the author that git knows is suggested', () => {
  expect(resolveAnswers({}, { ...surroundings, author: 'Ada' }).answers?.author_name).toBe('Ada');
});

test('wrong answers are refused with a sentence', () => {
  refuse({ project_name: '  ' }, 'project_name', /needs a name/);
  refuse({ project_name: 'a\u0000b' }, 'project_name', /can not be seen/);
  refuse({ description: 'abc\u202Etxt' }, 'description', /can not be seen/);
  refuse({ author_name: '\ud800' }, 'author_name', /broken/);
  refuse({ repo_name: '../up' }, 'repo_name', /small letters/);
  refuse({ repo_name: 'Name' }, 'repo_name', /small letters/);
  refuse({ repo_name: 'a.' }, 'repo_name', /small letters/);
  for (const repo_name of ['con', 'nul', 'aux', 'com1.x'])
    refuse({ repo_name }, 'repo_name', /Windows keeps this name/);
  refuse({ open_source_license: 'GPL' }, 'open_source_license', /MIT, BSD-3-Clause, none/);
  refuse({ s3_bucket: 'x\ny' }, 's3_bucket', /3 to 63/);
  refuse({ s3_bucket: "b']\nurl" }, 's3_bucket', /3 to 63/);
  refuse({ aws_profile: 'a b' }, 'aws_profile', /letters/);
  refuse({ year: '25' }, 'year', /four digits/);
  refuse({ projct_name: 'x' }, 'projct_name', /Did you mean "project_name"/);
});
