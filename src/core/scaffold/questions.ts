import { findNearest } from '../names/names.ts';
import { isDeviceName } from './paths.ts';

export type AnswerName =
  | 'project_name'
  | 'repo_name'
  | 'author_name'
  | 'description'
  | 'open_source_license'
  | 's3_bucket'
  | 'aws_profile'
  | 'year';

/** Every question answered and every answer checked; only {@link resolveAnswers} makes one. */
export type Answers = Readonly<Record<AnswerName, string>>;

/** A question of a new project. The names are those of Cookiecutter MLOps, so that its answers can be taken over. */
export interface Question {
  readonly name: AnswerName;
  readonly label: string;
  /** What an answer looks like, in a few words. */
  readonly hint: string;
  /** Only these answers are possible, as [answer, words]; anything where absent. */
  readonly choices?: readonly (readonly [string, string])[];
  /** False: has a default that a form need not show. */
  readonly asked: boolean;
  /** From the answers so far (in the order of {@link questions}) and what is known of the surroundings. */
  readonly suggest: (answers: Readonly<Partial<Answers>>, surroundings: Surroundings) => string;
  /** A sentence about what is wrong with the answer, or undefined. The answer has been through {@link tidy}. */
  readonly check: (answer: string) => string | undefined;
}

/** What the border knows; the rest of core has no clock and no disk. */
export interface Surroundings {
  /** Name of the new folder. */
  readonly folderName: string;
  /** Who git would name as the author of a commit. */
  readonly author?: string;
  readonly year: number;
}

const licences = [
  ['MIT', 'MIT: do what you like, keep the notice'],
  ['BSD-3-Clause', 'BSD 3-Clause: as MIT, and no advertising with our names'],
  ['none', 'No licence file'],
] as const;

export const questions: readonly Question[] = [
  {
    name: 'project_name',
    label: 'Project name',
    hint: 'as people say it: "Handwritten digits"',
    asked: true,
    suggest: (_, { folderName }) => folderName,
    check: required('A project needs a name.'),
  },
  {
    name: 'repo_name',
    label: 'Repository name',
    hint: 'small letters, digits, ".", "_" and "-"',
    asked: true,
    suggest: ({ project_name = '' }) => toRepositoryName(project_name),
    check: (answer) => {
      if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(answer) || answer.endsWith('.'))
        return 'A repository name is made of small letters, digits, ".", "_" and "-", starts with a letter or digit, and has at most 100 characters.';
      return isDeviceName(answer)
        ? 'Windows keeps this name for a device, as "con", "nul" or "com1" with any ending: no folder can have it there.'
        : undefined;
    },
  },
  {
    name: 'author_name',
    label: 'Author',
    hint: 'your name, or that of your team',
    asked: true,
    suggest: ({ project_name = '' }, { author }) => author ?? `The authors of ${project_name}`,
    check: required('A project needs an author; the licence names them.'),
  },
  {
    name: 'description',
    label: 'Description',
    hint: 'one or two sentences',
    asked: true,
    suggest: () => 'A machine-learning project.',
    check: (answer) => (answer.length > 1000 ? 'At most 1,000 characters.' : undefined),
  },
  {
    name: 'open_source_license',
    label: 'Licence',
    hint: 'what others may do with it',
    choices: licences,
    asked: true,
    suggest: () => 'MIT',
    check: (answer) =>
      licences.some(([name]) => name === answer)
        ? undefined
        : `The licence is one of ${licences.map(([name]) => name).join(', ')}.`,
  },
  {
    name: 's3_bucket',
    label: 'Data bucket (optional)',
    hint: 'S3 bucket for the data, with a folder if need be: "my-bucket/digits"; empty for none',
    asked: true,
    suggest: () => '',
    check: (answer) =>
      answer === '' || /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[A-Za-z0-9._-]+)*\/?$/.test(answer)
        ? undefined
        : 'A bucket has 3 to 63 small letters, digits, "." and "-"; a folder may follow behind "/".',
  },
  {
    name: 'aws_profile',
    label: 'AWS profile (optional)',
    hint: 'profile with the keys for the bucket; empty for the default one',
    asked: true,
    suggest: () => '',
    check: (answer) =>
      /^[A-Za-z0-9._-]{0,64}$/.test(answer) ? undefined : 'A profile is made of letters, digits, ".", "_" and "-".',
  },
  {
    name: 'year',
    label: 'Year of the copyright',
    hint: 'four digits',
    asked: false,
    suggest: (_, { year }) => String(year),
    check: (answer) => (/^\d{4}$/.test(answer) ? undefined : 'The year has four digits.'),
  },
];

/** One thing that is wrong with the answers; `name` is the question's, or what was taken for one. */
export interface AnswerProblem {
  readonly name: string;
  readonly message: string;
}

/** Fills in what is not given and checks everything. `answers` is undefined as soon as there is a problem. */
export function resolveAnswers(
  given: Readonly<Record<string, string>>,
  surroundings: Surroundings,
): { readonly answers: Answers | undefined; readonly problems: readonly AnswerProblem[] } {
  const problems: AnswerProblem[] = Object.keys(given)
    .filter((name) => !questions.some((question) => question.name === name))
    .map((name) => ({ name, message: describeUnknown(name) }));
  const answers: Partial<Record<AnswerName, string>> = {};
  for (const question of questions) {
    // A suggestion is made of things that nobody checked, as the folder's name.
    const answer = tidy(given[question.name] ?? question.suggest(answers, surroundings));
    const message = checkText(answer) ?? question.check(answer);
    if (message !== undefined) problems.push({ name: question.name, message });
    answers[question.name] = answer;
  }
  return { answers: problems.length === 0 ? (answers as Answers) : undefined, problems };
}

/** What a person meant by a pasted text: one line without space around it, accents composed. */
export function tidy(answer: string): string {
  return answer.normalize('NFC').replace(/\s+/g, ' ').trim();
}

/** "Handwritten Digits!" → handwritten_digits */
function toRepositoryName(projectName: string): string {
  const plain = projectName
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '_')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  if (plain === '') return 'project';
  const name = isDeviceName(plain) ? `project_${plain}` : plain;
  return name.slice(0, 100).replace(/[^a-z0-9]+$/, '');
}

function checkText(answer: string): string | undefined {
  if (!answer.isWellFormed()) return 'The text is broken: half of a character is missing.';
  // Control characters and those that reorder what is shown, which could make a file read otherwise than it is.
  return /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(answer)
    ? 'The text holds characters that can not be seen.'
    : undefined;
}

function required(message: string): Question['check'] {
  return (answer) => {
    if (answer === '') return message;
    return answer.length > 200 ? 'At most 200 characters.' : undefined;
  };
}

function describeUnknown(name: string): string {
  const nearest = findNearest(
    name,
    questions.map((question) => question.name),
  );
  const hint = nearest.length === 0 ? '' : ` Did you mean "${nearest.join('" or "')}"?`;
  return `There is no question "${name}".${hint}`;
}
