import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { quoteWord } from '../../core/gitflow/gitflow.ts';
import { isMapping, parseYaml } from '../../core/yaml/yaml.ts';
import { questions, resolveAnswers, tidy, type Question, type WritePlan } from '../../core/scaffold/scaffold.ts';
import { ExpectedError, badInput, exitCodes } from '../../protocol/errors.ts';
import { badArguments, takePositionals, type Command, type Invocation } from '../commandline/commandline.ts';
import { diskError, isMissing } from '../files/files.ts';
import { inspectTarget, newProject, planNewProject, readSurroundings, type ProjectRequest } from './scaffold.ts';

const languages = ['typescript'];
const plannedLanguages = ['python'];

const newCommand: Command = {
  words: ['new'],
  summary: 'write a new project',
  positionals: 'DIR',
  example: 'mlops new digits --template mnist --set "project_name=Handwritten digits"',
  options: {
    template: { type: 'string', value: 'NAME|PATH', summary: 'mnist (default), blank, or the folder of a template' },
    language: { type: 'string', value: 'NAME', summary: 'typescript (default)' },
    answers: { type: 'string', value: 'FILE', summary: 'answers to the questions, as YAML or JSON' },
    set: {
      type: 'string',
      multiple: true,
      value: 'KEY=VALUE',
      summary: `one answer: ${questions.map(({ name }) => name).join(', ')}`,
    },
  },
  run: async (invocation) => {
    checkLanguage(invocation.options.text('language'));
    const [target = ''] = takePositionals(invocation, newCommand);
    const root = path.resolve(invocation.cwd, target);
    await inspectTarget(root);
    const request = await readRequest(target, invocation);
    const plan = await planNewProject(invocation.installation, request);
    if (invocation.options.flag('dry-run')) return showPlan(invocation, request, plan);
    const project = await newProject(root, plan, {
      env: invocation.env,
      signal: invocation.signal,
      message: `New project from the template ${path.basename(request.template)}`,
    });
    for (const note of project.notes) invocation.output.note(note);
    const { commit = null, notes } = project;
    invocation.output.result(
      { project: project.root, template: request.template, files: plan.files.length, commit, notes },
      () =>
        `${project.root}: ${plan.files.length} files. Go on with: ${describeNext(invocation.cwd, project.root, target)}`,
    );
    return exitCodes.done;
  },
};

export const commands: readonly Command[] = [newCommand];

function checkLanguage(language = 'typescript'): void {
  if (plannedLanguages.includes(language))
    throw new ExpectedError('not-supported', `Projects in ${language} are not yet supported; leave --language out.`);
  if (!languages.includes(language))
    throw badArguments(`--language takes ${languages.join(' or ')}, not "${language}".`);
}

async function readRequest(target: string, invocation: Invocation): Promise<ProjectRequest> {
  const { options, cwd, env } = invocation;
  const file = options.text('answers');
  const given = {
    ...(file === undefined ? {} : await readAnswers(path.resolve(cwd, file), file)),
    ...Object.fromEntries(options.list('set').map(parseAssignment)),
  };
  const request = { target, template: options.text('template') ?? 'mnist', answers: given, cwd, env };
  const mayAsk =
    process.stdin.isTTY &&
    invocation.output.isTerminal &&
    !['yes', 'json', 'dry-run'].some((name) => options.flag(name));
  return mayAsk ? { ...request, answers: await ask(request, invocation.signal) } : request;
}

function parseAssignment(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw badArguments(`--set takes KEY=VALUE, not "${text}".`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** A mapping of question to answer; `name` is the file as the user wrote it. */
async function readAnswers(file: string, name: string): Promise<Record<string, string>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) throw new ExpectedError('missing-file', `There is no file ${name} with answers.`);
    throw diskError(error, name);
  });
  const { value: yaml, problems } = parseYaml(text, name);
  if (yaml === undefined) throw badInput('The answers can not be read.', problems);
  if (!isMapping(yaml.value))
    throw badInput('The answers can not be read.', [
      yaml.problemAt([], 'The file must be a mapping of question to answer.'),
    ]);
  const answers = Object.entries(yaml.value);
  const wrong = answers
    .filter(([, answer]) => !isAnswer(answer))
    .map(([question]) => yaml.problemAt([question], 'An answer is a text.'));
  if (wrong.length > 0) throw badInput('The answers can not be read.', wrong);
  return Object.fromEntries(
    answers.flatMap(([question, answer]) => (isAnswer(answer) ? [[question, String(answer ?? '')]] : [])),
  );
}

function isAnswer(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** Asks on the terminal what is not answered yet; an empty line takes the suggestion. */
async function ask(request: ProjectRequest, signal: AbortSignal): Promise<Record<string, string>> {
  const surroundings = await readSurroundings(request);
  const answers: Record<string, string> = { ...request.answers };
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (const question of questions.filter(({ name, asked }) => asked && answers[name] === undefined)) {
      const suggestion = question.suggest(resolveAnswers(answers, surroundings).answers ?? answers, surroundings);
      answers[question.name] = await askOne(question, suggestion, (text) => terminal.question(text, { signal }));
    }
  } catch (error) {
    if (signal.aborted) throw new ExpectedError('stopped', 'Stopped; nothing was written.');
    throw error;
  } finally {
    terminal.close();
  }
  return answers;
}

async function askOne(
  question: Question,
  suggestion: string,
  prompt: (text: string) => Promise<string>,
): Promise<string> {
  const hint = question.choices?.map(([name]) => name).join(' | ') ?? question.hint;
  for (;;) {
    const answer = tidy(await prompt(`${question.label} (${hint}) [${suggestion}]: `)) || suggestion;
    const problem = question.check(answer);
    if (problem === undefined) return answer;
    process.stderr.write(`${problem}\n`);
  }
}

function showPlan({ cwd, output }: Invocation, { target, template }: ProjectRequest, { files }: WritePlan): number {
  const root = path.resolve(cwd, target);
  const rows = files.map(({ path: file, content }) => ({ path: file, bytes: content.length }));
  output.result({ target: root, template, files: rows }, () =>
    output.table({ columns: ['file', 'bytes'], rows: rows.map(({ path: file, bytes }) => [file, String(bytes)]) }),
  );
  return exitCodes.done;
}

function describeNext(cwd: string, root: string, target: string): string {
  if (path.resolve(cwd) === root) return 'mlops run';
  // What begins with a dash would be read as a flag.
  return `cd ${quoteWord(target.startsWith('-') ? `./${target}` : target)} && mlops run`;
}
