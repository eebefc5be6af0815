import * as vscode from 'vscode';
import { chartProtocolVersion, type FromRunPage } from '../../protocol/charts.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { RunAbout, RunPageAnswer, RunPageQuestion } from '../../protocol/runpage.ts';
import { noteTag } from '../../protocol/tracking.ts';
import { createPictureAnswers } from './pictures.ts';
import { toDocumentUri } from '../rundocuments.ts';

/** Answers what a run page asks beside its curves; undefined for what is only done. */
export type RunAnswers = (root: string, question: RunPageQuestion) => Promise<RunPageAnswer | undefined>;

const questions: Readonly<Record<RunPageQuestion['type'], true>> = {
  readAbout: true,
  listArtifacts: true,
  readArtifact: true,
  readExamples: true,
  listPictures: true,
  readPicture: true,
  openArtifact: true,
  openConfig: true,
  saveNote: true,
};

export function isQuestion(message: FromRunPage): message is RunPageQuestion {
  return Object.hasOwn(questions, message.type);
}

type Row<T extends RunPageQuestion['type']> = (
  root: string,
  question: Extract<RunPageQuestion, { readonly type: T }>,
) => Promise<RunPageAnswer | undefined>;

export function createRunAnswers(engine: EngineClient): RunAnswers {
  const protocol = chartProtocolVersion;
  const readAbout = (project: string, runId: string): Promise<RunAbout> =>
    engine.request('readRunAbout', { project, runId });
  const answerPictures = createPictureAnswers(engine);
  const rows: { readonly [T in RunPageQuestion['type']]: Row<T> } = {
    async readAbout(root, { runId }) {
      return { protocol, type: 'about', runId, about: await readAbout(root, runId) };
    },
    async listArtifacts(project, { runId, folder }) {
      const list = await engine.request('listArtifacts', { project, runId, folder });
      return { protocol, type: 'artifacts', runId, folder, ...list };
    },
    async readArtifact(project, { runId, path }) {
      const view = await engine.request('viewArtifact', { project, runId, path });
      return { protocol, type: 'artifact', runId, path, view };
    },
    async readExamples(project, { runId, actual, predicted }) {
      const found = await engine.request('readExamples', { project, runId, actual, predicted });
      return { protocol, type: 'examples', runId, actual, predicted, found };
    },
    listPictures: answerPictures,
    readPicture: answerPictures,
    async openArtifact(root, { runId, path }) {
      await open(toDocumentUri({ kind: 'artifact', root, runId, path }));
      return undefined;
    },
    async openConfig(root, { runId }) {
      const { origin } = await readAbout(root, runId);
      if (origin !== null)
        await open(toDocumentUri({ kind: 'commit', root, commit: origin.commit, path: origin.config }));
      return undefined;
    },
    async saveNote(project, { runId, text }) {
      const note = text.trim() === '' ? null : text;
      await engine.request('editRun', { project, runId, edit: { tags: { [noteTag]: note } } });
      return { protocol, type: 'about', runId, about: await readAbout(project, runId) };
    },
  };
  return (root, question) => (rows[question.type] as Row<RunPageQuestion['type']>)(root, question);
}

async function open(uri: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('vscode.open', uri, { preview: true, viewColumn: vscode.ViewColumn.Beside });
}
