import { homedir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { questions, tidy, type AnswerName, type Question } from '../../core/scaffold/scaffold.ts';
import { formatBytes } from '../../core/trees/trees.ts';
import type { EngineClient, NewProjectRequest, TemplateChoice } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { askChoice, askInOrder, askText, type Answer, type Step } from './steps.ts';

/** Survives the reload that opening a folder causes, so that the new window can go on where this one stopped. */
const STATE_KEY = 'mlops.newProject';
/** Who opens the project later than this no longer waits for it. */
const WELCOME_MS = 3_600_000;
const EXAMPLE = 'mnist';

type Place = Omit<Step, 'title'>;
type WhereToOpen = 'here' | 'new-window' | 'add';

interface Draft {
  readonly template: TemplateChoice | undefined;
  readonly answers: Readonly<Partial<Record<AnswerName, string>>>;
  /** Folder in which the project's folder is made. */
  readonly parent: string | undefined;
  /** Written by the last step. */
  readonly made: { readonly project: MadeProject; readonly open: WhereToOpen } | undefined;
}

interface MadeProject {
  readonly root: string;
  /** What the user should know about it, as sentences. */
  readonly notes: readonly string[];
}

/** What {@link STATE_KEY} holds. */
interface WaitingProject extends MadeProject {
  /** When it was made. */
  readonly time: number;
}

interface Parts {
  readonly engine: EngineClient;
  readonly context: vscode.ExtensionContext;
}

export function createNewProjectCommand({ engine, context }: Parts): Pick<CommandTypes, 'mlops.newProject'> {
  return {
    async 'mlops.newProject'() {
      const { templates, author } = await engine.request('readTemplates', null);
      const draft = await askInOrder<Draft>(
        [
          (answers, place) => askTemplate(answers, place, exampleFirst(templates)),
          ...questions
            .filter(({ asked }) => asked)
            .map((question) => (answers: Draft, place: Place) => askQuestion(answers, place, question, author)),
          askParent,
          (answers, place) => backWhenNotWritable(() => askToWrite(answers, place, engine)),
        ],
        { template: undefined, answers: {}, parent: undefined, made: undefined },
      );
      if (draft?.made !== undefined) await openProject(context, draft.made.project, draft.made.open);
    },
  };
}

/** Welcomes the project for whose sake this window was opened, if there is one. */
export async function welcomeNewProject(context: vscode.ExtensionContext, projects: Projects): Promise<void> {
  const waiting = context.globalState.get<WaitingProject>(STATE_KEY);
  if (waiting === undefined) return;
  const isAwaited = waiting.time > Date.now() - WELCOME_MS;
  const project = (await projects.whenKnown()).find(({ root }) => isSamePath(root, waiting.root));
  // Another window is being opened for it.
  if (isAwaited && project === undefined) return;
  await context.globalState.update(STATE_KEY, undefined);
  if (isAwaited && project !== undefined) await welcome({ root: project.root, notes: waiting.notes });
}

/** The editor and Node write the letter of a drive differently, and Windows takes both for one. */
function isSamePath(one: string, other: string): boolean {
  return path.relative(one, other) === '';
}

/** The first look at a project that was just made: its pipeline, what there is to know, and one question about what to do next. */
async function welcome({ root, notes }: MadeProject): Promise<void> {
  await vscode.commands.executeCommand('mlops.pipeline.focus');
  for (const note of notes) void vscode.window.showInformationMessage(note);
  if (!vscode.workspace.isTrusted) return;
  const train = vscode.l10n.t('Train');
  const run = vscode.l10n.t('Run Pipeline');
  const sentence = vscode.l10n.t('{0} is ready.', path.basename(root));
  const answer = await vscode.window.showInformationMessage(sentence, train, run);
  const target = { kind: 'project', project: root };
  if (answer === train) await vscode.commands.executeCommand('mlops.train', target);
  if (answer === run) await vscode.commands.executeCommand('mlops.runPipeline', target);
}

async function askTemplate(
  draft: Draft,
  place: Place,
  templates: readonly TemplateChoice[],
): Promise<Draft | 'back' | undefined> {
  const answer = await askChoice<TemplateChoice>({
    ...place,
    title: vscode.l10n.t('New Project'),
    placeholder: vscode.l10n.t('What to start from'),
    items: templates.map((template) => ({ label: template.title, detail: template.summary, value: template })),
    ...(draft.template === undefined ? {} : { active: draft.template }),
  });
  return merge(answer, (template) => ({ ...draft, template }));
}

/** The complete example is what a newcomer wants, and Enter takes the first. */
function exampleFirst(templates: readonly TemplateChoice[]): readonly TemplateChoice[] {
  return [...templates].sort((a, b) => Number(b.name === EXAMPLE) - Number(a.name === EXAMPLE));
}

/** Texts of questions are core's own; they are looked up like those written here. */
async function askQuestion(
  draft: Draft,
  place: Place,
  question: Question,
  author: string | null,
): Promise<Draft | 'back' | undefined> {
  const { name, choices } = question;
  const title = vscode.l10n.t('New Project: {0}', vscode.l10n.t(question.label));
  const surroundings = {
    folderName: draft.template?.name === EXAMPLE ? 'Digits' : 'My Project',
    year: new Date().getFullYear(),
    ...(author === null ? {} : { author }),
  };
  const value = draft.answers[name] ?? question.suggest(draft.answers, surroundings);
  const answer =
    choices === undefined
      ? await askText({
          ...place,
          title,
          value,
          prompt: vscode.l10n.t(question.hint),
          check: (text) => translate(question.check(tidy(text))),
        })
      : await askChoice<string>({
          ...place,
          title,
          placeholder: vscode.l10n.t(question.hint),
          items: choices.map(([choice, words]) => ({ label: choice, detail: vscode.l10n.t(words), value: choice })),
          active: value,
        });
  return merge(answer, (text) => ({ ...draft, answers: { ...draft.answers, [name]: tidy(text) } }));
}

function translate(sentence: string | undefined): string | undefined {
  return sentence === undefined ? undefined : vscode.l10n.t(sentence);
}

async function askParent(draft: Draft, place: Place): Promise<Draft | 'back' | undefined> {
  const repository = draft.answers.repo_name ?? '';
  const open = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const parents = [...new Set([draft.parent, open === undefined ? undefined : path.dirname(open), homedir()])];
  const answer = await askChoice<string>({
    ...place,
    title: vscode.l10n.t('New Project: Folder'),
    placeholder: vscode.l10n.t('Where to make the folder “{0}”', repository),
    items: [
      ...parents.flatMap((parent) =>
        parent === undefined
          ? []
          : [{ label: path.join(parent, repository), iconPath: vscode.ThemeIcon.Folder, value: parent }],
      ),
      { label: vscode.l10n.t('Browse …'), iconPath: new vscode.ThemeIcon('folder-opened'), value: '' },
    ],
  });
  if (answer === undefined || answer === 'back') return answer;
  const parent = answer.value === '' ? await browse() : answer.value;
  // Leaving the dialogue leads back to this question, not out of the form.
  return parent === undefined ? askParent(draft, place) : { ...draft, parent };
}

async function browse(): Promise<string | undefined> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: vscode.l10n.t('Make the Project Here'),
    })) ?? [];
  return chosen?.fsPath;
}

/** Where nothing can be written, another place is asked for, and no answer is lost. */
async function backWhenNotWritable<T>(write: () => Promise<T>): Promise<T | 'back'> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof ExpectedError) || !['target-exists', 'disk'].includes(error.code)) throw error;
    void vscode.window.showErrorMessage(error.message);
    return 'back';
  }
}

/** Shows every file that will be written before anything is, then writes them. */
async function askToWrite(draft: Draft, place: Place, engine: EngineClient): Promise<Draft | 'back' | undefined> {
  const request = toRequest(draft);
  const files = await engine.request('planProject', request);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const detail = vscode.l10n.t('{0} files, {1}, in {2}', files.length, formatBytes(bytes), request.target);
  const hasFolder = (vscode.workspace.workspaceFolders ?? []).length > 0;
  const ways: readonly (readonly [WhereToOpen, string])[] = [
    ['here', hasFolder ? vscode.l10n.t('Create and Open in This Window') : vscode.l10n.t('Create and Open')],
    ...(hasFolder
      ? ([
          ['new-window', vscode.l10n.t('Create and Open in a New Window')],
          ['add', vscode.l10n.t('Create and Add to This Workspace')],
        ] as const)
      : []),
  ];
  const answer = await askChoice<WhereToOpen>({
    ...place,
    title: vscode.l10n.t('New Project: Files to Be Written'),
    placeholder: vscode.l10n.t('Nothing has been written yet'),
    items: [
      ...ways.map(([value, label], index) => ({ label, value, ...(index === 0 ? { detail } : {}) })),
      { label: vscode.l10n.t('Files'), kind: vscode.QuickPickItemKind.Separator },
      ...files.map((file) => ({
        label: file.path,
        description: formatBytes(file.bytes),
        iconPath: vscode.ThemeIcon.File,
      })),
    ],
    active: 'here',
  });
  if (answer === undefined || answer === 'back') return answer;
  const project = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Writing the project …') },
    () => engine.request('newProject', request),
  );
  return { ...draft, made: { project, open: answer.value } };
}

function toRequest({ template, answers, parent }: Draft): NewProjectRequest {
  return {
    target: path.join(parent ?? homedir(), answers.repo_name ?? 'project'),
    template: template?.name ?? EXAMPLE,
    answers,
  };
}

async function openProject(
  context: vscode.ExtensionContext,
  { root, notes }: MadeProject,
  where: WhereToOpen,
): Promise<void> {
  const uri = vscode.Uri.file(root);
  // A workspace of several folders takes one more without a reload, so that no other window would welcome it.
  const stays = where === 'add' && vscode.workspace.workspaceFile !== undefined;
  if (!stays) await context.globalState.update(STATE_KEY, { root, notes, time: Date.now() } satisfies WaitingProject);
  if (where === 'add') {
    const count = vscode.workspace.workspaceFolders?.length ?? 0;
    const isAdded = vscode.workspace.updateWorkspaceFolders(count, 0, { uri });
    if (isAdded && stays) await welcome({ root: uri.fsPath, notes });
    return;
  }
  const options = where === 'here' ? { forceReuseWindow: true } : { forceNewWindow: true };
  await vscode.commands.executeCommand('vscode.openFolder', uri, options);
}

function merge<T>(answer: Answer<T>, use: (value: T) => Draft): Draft | 'back' | undefined {
  return answer === undefined || answer === 'back' ? answer : use(answer.value);
}
