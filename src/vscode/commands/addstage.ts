import path from 'node:path';
import * as vscode from 'vscode';
import {
  checkStage,
  checkStageName,
  suggestCommands,
  suggestDeps,
  suggestName,
  suggestOuts,
  suggestParams,
} from '../../core/addstage/addstage.ts';
import { toAbsolute } from '../../core/trees/trees.ts';
import type { StageGround, StageOutput, StageRequest } from '../../protocol/addstage.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import { formatProblem } from '../../protocol/problem.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickProject } from './pick.ts';
import { askChoice, askInOrder, askMany, askSuggestion, askText, type Answer, type Step } from './steps.ts';
import { refuseUnsaved } from './unsaved.ts';

type Place = Omit<Step, 'title'>;
type Outcome = Draft | 'back' | undefined;

/** What has been answered; `known` are the questions that were, so that a suggestion does not take the place of an answer. */
interface Draft extends StageRequest {
  readonly known: ReadonlySet<string>;
}

interface Form {
  readonly engine: EngineClient;
  readonly project: string;
  readonly ground: StageGround;
  /** File in the editor, relative to the project. */
  readonly active: string | undefined;
}

const empty: Draft = { name: '', cmd: '', deps: [], params: [], outs: [], desc: '', known: new Set() };

export function createAddStageCommand({
  engine,
  projects,
}: {
  engine: EngineClient;
  projects: Projects;
}): Pick<CommandTypes, 'mlops.addStage'> {
  return {
    async 'mlops.addStage'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      refuseUnsaved(project, 'dvc.yaml');
      const ground = await engine.request('readStageGround', { project });
      const form: Form = { engine, project, ground, active: activeFile(project) };
      const draft = await askInOrder<Draft>(
        [askName, askCommand, askDeps, askParams, askOutputs, askMetrics, askPlots, askDescription, askToAdd].map(
          (ask) => (answers: Draft, place: Place) => ask(answers, place, form),
        ),
        empty,
      );
      if (draft === undefined) return;
      refuseUnsaved(project, 'dvc.yaml');
      const { file, line } = await engine.request('addStage', { project, stage: toRequest(draft) });
      await showLine(toAbsolute(project, file), line, draft.name);
    },
  };
}

/** An editor that was open before takes in what is on disk after a moment only; a cursor set before would move with the text. */
const patience = 3000;

async function showLine(file: string, line: number, name: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
  const isThere = (): boolean => document.lineCount >= line && document.lineAt(line - 1).text.includes(name);
  if (!isThere()) {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        change.dispose();
        resolve();
      };
      const timer = setTimeout(done, patience);
      const change = vscode.workspace.onDidChangeTextDocument((event) => {
        if (event.document === document && isThere()) done();
      });
    });
  }
  const start = new vscode.Position(line - 1, 0);
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(start, start) });
}

function activeFile(project: string): string | undefined {
  const file = vscode.window.activeTextEditor?.document.uri;
  if (file?.scheme !== 'file') return undefined;
  const relative = path.relative(project, file.fsPath).split(path.sep).join('/');
  return relative.startsWith('../') || path.isAbsolute(relative) ? undefined : relative;
}

function toRequest({ name, cmd, deps, params, outs, desc }: Draft): StageRequest {
  return { name, cmd, deps, params, outs, desc };
}

/** The answer put into the draft, and the question marked as answered. */
function merge<T>(
  draft: Draft,
  question: string,
  answer: Answer<T>,
  use: (value: T) => Partial<StageRequest>,
): Outcome {
  if (answer === undefined || answer === 'back') return answer;
  return { ...draft, ...use(answer.value), known: new Set([...draft.known, question]) };
}

function titleOf(draft: Draft, part: string): string {
  return draft.name === ''
    ? vscode.l10n.t('Add Stage: {0}', part)
    : vscode.l10n.t('Add Stage {0}: {1}', draft.name, part);
}

function firstProblem(draft: Draft, changes: Partial<StageRequest>, { ground }: Form): string | undefined {
  return checkStage({ ...toRequest(draft), ...changes }, ground)[0];
}

async function askName(draft: Draft, place: Place, { ground, active }: Form): Promise<Outcome> {
  const answer = await askText({
    ...place,
    title: vscode.l10n.t('Add Stage: {0}', vscode.l10n.t('Name')),
    prompt: vscode.l10n.t('What the stage is called in dvc.yaml'),
    value: draft.known.has('name') ? draft.name : suggestName(active, ground),
    check: (text) => checkStageName(text.trim(), ground),
  });
  return merge(draft, 'name', answer, (name) => ({ name: name.trim() }));
}

async function askCommand(draft: Draft, place: Place, { ground, active }: Form): Promise<Outcome> {
  const answer = await askSuggestion({
    ...place,
    title: titleOf(draft, vscode.l10n.t('Command')),
    placeholder: vscode.l10n.t('Choose what it runs, or type a command'),
    typed: vscode.l10n.t('this command'),
    value: draft.cmd,
    items: suggestCommands(ground, active).map(({ cmd }) => ({ label: cmd, value: cmd })),
  });
  // What follows is suggested from the command: a new one asks anew.
  return merge(draft, 'cmd', answer, (cmd) => (cmd === draft.cmd ? {} : { ...emptyParts, cmd }));
}

const emptyParts = { deps: [], params: [], outs: [] } as const;

async function askDeps(draft: Draft, place: Place, form: Form): Promise<Outcome> {
  const { ground } = form;
  const outputs = ground.stages.flatMap(({ name, outputs: own }) => own.map((output) => ({ name, output })));
  const made = new Set(outputs.map(({ output }) => output));
  const chosen = new Set(draft.deps.length > 0 ? draft.deps : suggestDeps(draft.cmd, ground));
  const others = ground.paths.filter((file) => !made.has(bare(file)));
  const missing = [...chosen].filter((file) => !made.has(file) && !others.some((other) => bare(other) === file));
  const answer = await askMany<string>({
    ...place,
    title: titleOf(draft, vscode.l10n.t('Dependencies')),
    placeholder: vscode.l10n.t('Files and folders that it reads: when one changes, the stage is run again'),
    items: [
      separator(vscode.l10n.t('Outputs of other stages')),
      ...outputs.map(({ name, output }) => ({ label: output, description: name, value: output })),
      separator(vscode.l10n.t('Files and folders')),
      ...[...missing, ...byChoice(others, chosen)].map((file) => ({ label: file, value: bare(file) })),
    ],
    chosen: (file) => chosen.has(file),
    check: (deps) => firstProblem(draft, { deps }, form),
  });
  return merge(draft, 'deps', answer, (deps) => ({ deps }));
}

/** What is chosen already stands first, where it can be seen. */
function byChoice(files: readonly string[], chosen: ReadonlySet<string>): readonly string[] {
  return files.toSorted((a, b) => Number(chosen.has(bare(b))) - Number(chosen.has(bare(a))));
}

const bare = (file: string): string => file.replace(/\/$/, '');

function separator(label: string): vscode.QuickPickItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

interface Param {
  readonly file: string;
  readonly key: string;
}

async function askParams(draft: Draft, place: Place, form: Form): Promise<Outcome> {
  const suggested = draft.params.length > 0 ? draft.params : suggestParams(draft.cmd, form.ground);
  const isChosen = ({ file, key }: Param): boolean =>
    suggested.some((own) => own.file === file && own.keys.includes(key));
  const files = form.ground.params.toSorted(
    (a, b) =>
      Number(suggested.some(({ file }) => file === b.file)) - Number(suggested.some(({ file }) => file === a.file)),
  );
  const answer = await askMany<Param>({
    ...place,
    title: titleOf(draft, vscode.l10n.t('Parameters')),
    placeholder:
      files.length === 0
        ? vscode.l10n.t('The project has neither params.yaml nor configs: press Enter')
        : vscode.l10n.t('Values that it reads: when one changes, the stage is run again'),
    items: files.flatMap(({ file, keys }) => [
      separator(file),
      ...keys.map((key) => ({ label: key, description: file, value: { file, key } })),
    ]),
    chosen: isChosen,
    check: (params) => firstProblem(draft, { params: toParams(params) }, form),
  });
  return merge(draft, 'params', answer, (params) => ({ params: toParams(params) }));
}

function toParams(params: readonly Param[]): StageRequest['params'] {
  return [...Map.groupBy(params, ({ file }) => file)].map(([file, own]) => ({ file, keys: own.map(({ key }) => key) }));
}

function askOutputs(draft: Draft, place: Place, form: Form): Promise<Outcome> {
  const words = {
    part: vscode.l10n.t('Outputs'),
    prompt: vscode.l10n.t('Files and folders that it makes, parted by commas; they go into DVC’s cache'),
  };
  return askPaths(draft, place, form, { kind: 'out', cache: true, ...words });
}

function askMetrics(draft: Draft, place: Place, form: Form): Promise<Outcome> {
  const words = {
    part: vscode.l10n.t('Metrics'),
    prompt: vscode.l10n.t('Files of metrics that it makes, parted by commas; they are kept in Git. Empty for none'),
  };
  return askPaths(draft, place, form, { kind: 'metric', cache: false, ...words });
}

function askPlots(draft: Draft, place: Place, form: Form): Promise<Outcome> {
  const words = {
    part: vscode.l10n.t('Plots'),
    prompt: vscode.l10n.t(
      'Files and folders of plots that it makes, parted by commas; they are kept in Git. Empty for none',
    ),
  };
  return askPaths(draft, place, form, { kind: 'plot', cache: false, ...words });
}

async function askPaths(
  draft: Draft,
  place: Place,
  form: Form,
  {
    kind,
    cache,
    part,
    prompt,
  }: Pick<StageOutput, 'kind' | 'cache'> & { readonly part: string; readonly prompt: string },
): Promise<Outcome> {
  const own = draft.outs.filter((out) => out.kind === kind).map((out) => out.path);
  const toOuts = (text: string): StageRequest['outs'] => [
    ...draft.outs.filter((out) => out.kind !== kind),
    ...splitPaths(text).map((file) => ({ kind, path: file, cache })),
  ];
  const answer = await askText({
    ...place,
    title: titleOf(draft, part),
    prompt,
    value: (draft.known.has(kind) ? own : suggestOuts(draft.cmd, form.ground, kind)).join(', '),
    check: (text) => firstProblem(draft, { outs: toOuts(text) }, form),
  });
  return merge(draft, kind, answer, (text) => ({ outs: toOuts(text) }));
}

function splitPaths(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => bare(part.trim()))
    .filter((part) => part !== '');
}

async function askDescription(draft: Draft, place: Place): Promise<Outcome> {
  const answer = await askText({
    ...place,
    title: titleOf(draft, vscode.l10n.t('Description')),
    prompt: vscode.l10n.t('What it is for, in a few words. Empty for none'),
    value: draft.desc,
    check: () => undefined,
  });
  return merge(draft, 'desc', answer, (desc) => ({ desc: desc.trim() }));
}

/** Shows every line that will be written before anything is. What is wrong only as a whole is told here; Back leads to it. */
async function askToAdd(draft: Draft, place: Place, { engine, project }: Form): Promise<Outcome> {
  const { addition, problems } = await engine.request('planStage', { project, stage: toRequest(draft) });
  const lines = addition?.text.split(/\r?\n/).filter((line) => line.trim() !== '') ?? [];
  const answer = await askChoice<true>({
    ...place,
    title: titleOf(draft, vscode.l10n.t('Lines to Be Written')),
    placeholder: vscode.l10n.t('Nothing has been written yet'),
    items: [
      ...(addition === null
        ? problems.map((problem) => ({ label: formatProblem(problem), iconPath: new vscode.ThemeIcon('error') }))
        : [
            {
              label: vscode.l10n.t('Add to dvc.yaml'),
              detail: vscode.l10n.t('{0} lines from line {1}', lines.length, addition.line),
              value: true as const,
            },
          ]),
      ...(lines.length === 0 ? [] : [separator('dvc.yaml')]),
      // Spaces at the start of a label are not shown; these are.
      ...lines.map((line) => ({ label: line.replace(/^ +/, (spaces) => '\u00a0\u00a0'.repeat(spaces.length)) })),
    ],
    active: true,
  });
  return merge(draft, 'add', answer, () => ({}));
}
