import { compareCodePoints } from '../names/names.ts';
import { badInput } from '../../protocol/errors.ts';
import type { Problem } from '../../protocol/problem.ts';
import { findUnsafePaths } from './paths.ts';
import { substitute } from './substitution.ts';
import type { Manifest } from './manifest.ts';
import type { Answers } from './questions.ts';

export { questions, resolveAnswers, tidy } from './questions.ts';
export type { AnswerName, Answers, Question, Surroundings } from './questions.ts';
export { parseManifest, type Manifest } from './manifest.ts';

/** One file of a template, by its path in the template's folder, with forward slashes. */
export interface TemplateFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/** A template, and what it stands on: of files with the same path in the project, that of the last layer counts. */
export interface Template {
  readonly name: string;
  readonly layers: readonly TemplateLayer[];
}

export interface TemplateLayer {
  readonly manifest: Manifest;
  readonly files: readonly TemplateFile[];
}

/** What would be written, in code-point order of the paths. All files are plain ones (mode 0644) in a folder of their own. */
export interface WritePlan {
  readonly files: readonly PlannedWrite[];
}

interface PlannedWrite {
  /** Relative to the project, with forward slashes; safe on every system. */
  readonly path: string;
  readonly content: Uint8Array;
}

export const manifestName = 'template.yaml';

/**
 * Decides which files a new project has and what is in them. Pure: the same answers, template and engine give the same bytes on
 * every system. Throws `bad-input` for a template with unsafe names, unknown values or paths that it does not have.
 */
export function planProject(answers: Answers, template: Template, engineVersion: string): WritePlan {
  const files = new Map<string, Uint8Array>();
  const renders = new Set<string>();
  for (const layer of template.layers) {
    const chosen = chooseFiles(layer, answers);
    for (const [path, content] of chosen) files.set(path, content);
    for (const path of layer.manifest.render) renders.add(path);
  }
  refuse(template, findUnsafePaths([...files.keys()]));
  // A file that this very answer leaves out may be listed all the same.
  const known = new Set([...files.keys(), ...template.layers.flatMap(({ manifest }) => Object.keys(manifest.choose))]);
  refuse(
    template,
    [...renders].filter((path) => !known.has(path)).map((path) => `"render" names ${path}, which is not there.`),
  );
  return { files: render(template, files, renders, toValues(answers, template, engineVersion)) };
}

/** Path in the project → content, for one layer: dots put back, one file taken for each choice, the manifest left out. */
function chooseFiles({ manifest, files }: TemplateLayer, answers: Answers): Map<string, Uint8Array> {
  const byPath = new Map(files.map(({ path, content }) => [path, content]));
  const choices = Object.entries(manifest.choose);
  const held = new Set([manifestName, ...choices.flatMap(([, choice]) => Object.values(choice.files))]);
  const result = new Map<string, Uint8Array>();
  for (const [path, content] of byPath) if (!held.has(path)) result.set(toProjectPath(path), content);
  const given: Readonly<Record<string, string>> = answers;
  for (const [path, { question, files: byAnswer }] of choices) {
    const answer = given[question];
    const source = answer !== undefined && Object.hasOwn(byAnswer, answer) ? byAnswer[answer] : undefined;
    if (source === undefined) continue;
    const content = byPath.get(source);
    if (content === undefined) throw badInput(`The template has no file ${source}, which "choose" names.`);
    result.set(path, content);
  }
  return result;
}

/** `dot-github/workflows/x.yml` → `.github/workflows/x.yml`: packagers drop or read files with the real names. */
function toProjectPath(path: string): string {
  return path
    .split('/')
    .map((segment) => segment.replace(/^dot-/, '.'))
    .join('/');
}

function render(
  template: Template,
  files: ReadonlyMap<string, Uint8Array>,
  renders: ReadonlySet<string>,
  values: Readonly<Record<string, string>>,
): readonly PlannedWrite[] {
  const problems: Problem[] = [];
  const planned = [...files].map(([path, content]) => {
    if (!renders.has(path)) return { path, content };
    const { text, problems: found } = substitute(new TextDecoder().decode(content), path, values);
    problems.push(...found);
    return { path, content: new TextEncoder().encode(text) };
  });
  if (problems.length > 0) throw badInput(`The template "${template.name}" has mistakes.`, problems);
  return planned.sort((a, b) => compareCodePoints(a.path, b.path));
}

/** Everything that `{{name}}` may name; templates/README.md lists it. */
function toValues(answers: Answers, template: Template, engineVersion: string): Readonly<Record<string, string>> {
  return {
    ...answers,
    // npm's word for "no licence".
    license_id: answers.open_source_license === 'none' ? 'UNLICENSED' : answers.open_source_license,
    template_name: template.name,
    template_version: String(template.layers.at(-1)?.manifest.version ?? 1),
    engine_version: engineVersion,
    dvc_remote: formatRemote(answers),
  };
}

/** The bucket as DVC's default remote, in the INI form that `dvc remote add --default` writes; empty without a bucket. */
function formatRemote({ s3_bucket, aws_profile }: Answers): string {
  if (s3_bucket === '') return '';
  const profile = aws_profile === '' ? [] : [`    profile = ${aws_profile}`];
  const lines = ['[core]', '    remote = storage', `['remote "storage"']`, `    url = s3://${s3_bucket}`, ...profile];
  return `${lines.join('\n')}\n`;
}

function refuse(template: Template, sentences: readonly string[]): void {
  if (sentences.length > 0) throw badInput(`The template "${template.name}" can't be used: ${sentences.join(' ')}`);
}
