import * as vscode from 'vscode';
import { formatValue } from '../../core/charts/charts.ts';
import { toAbsolute, type Target } from '../../core/trees/trees.ts';
import { badInput } from '../../protocol/errors.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { GridCandidate, GridOffer } from '../../protocol/sparks.ts';
import { toRange } from '../languages/documents.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickConfig, pickProject } from './pick.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
}

interface ValueRow extends vscode.QuickPickItem {
  /** Null: the user writes one. */
  readonly value: string | null;
}

/** What a sweep tries of a hyperparameter, chosen among values next to the config's own and those that runs had. The text is left unsaved. */
export function createGridCommands({ engine, projects }: Parts): Pick<CommandTypes, 'mlops.addToGrid'> {
  return {
    async 'mlops.addToGrid'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const file = await chooseFile(engine, project, target);
      if (file === undefined) return;
      const document = await vscode.workspace.openTextDocument(toAbsolute(project, file));
      const offers = await engine.request('offerGrid', { project, file, text: document.getText() });
      const offer = await chooseOffer(offers, target?.kind === 'hyperparameter' ? target.key : undefined);
      const values = offer === undefined ? undefined : await chooseValues(offer);
      if (offer === undefined || values === undefined || values.length === 0) return;
      const text = document.getText();
      const edit = await engine.request('planGridAddition', { project, file, text, name: offer.name, values });
      const editor = await vscode.window.showTextDocument(document);
      const range = toRange(edit.range);
      // It may have been written in meanwhile: then the place is another one.
      const isDone = text === document.getText() && (await editor.edit((builder) => builder.replace(range, edit.text)));
      if (!isDone) throw badInput(vscode.l10n.t('{0} was changed meanwhile. Try again.', file));
      editor.selection = new vscode.Selection(range.start, range.start);
      editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    },
  };
}

async function chooseFile(
  engine: EngineClient,
  project: string,
  target: Target | undefined,
): Promise<string | undefined> {
  if (target?.kind === 'hyperparameter' || target?.kind === 'config') return target.file;
  return (await pickConfig(engine, project, vscode.l10n.t('Config')))?.file;
}

async function chooseOffer(offers: readonly GridOffer[], key: string | undefined): Promise<GridOffer | undefined> {
  const known = offers.find((offer) => offer.key === key);
  if (known !== undefined) return known;
  const rows = offers.map((offer) => ({
    label: offer.name,
    description: offer.candidates.find(({ isCurrent }) => isCurrent)?.text ?? '',
    detail: describeGrid(offer),
    offer,
  }));
  return (await vscode.window.showQuickPick(rows, { title: vscode.l10n.t('Hyperparameter') }))?.offer;
}

function describeGrid({ inGrid, isRange }: GridOffer): string {
  if (isRange) return vscode.l10n.t('a range is searched');
  return inGrid.length === 0 ? '' : vscode.l10n.t('in the grid: {0}', inGrid.join(', '));
}

async function chooseValues(offer: GridOffer): Promise<readonly string[] | undefined> {
  const { name, isRange, inGrid, candidates } = offer;
  if (isRange)
    throw badInput(
      vscode.l10n.t('hyperparameter_tuning has a range for {0}: make its ends wider, or make it a list.', name),
    );
  const title = vscode.l10n.t('Values of {0} to try', name);
  const rows: readonly ValueRow[] = [
    ...candidates.filter(({ text }) => !inGrid.includes(text)).map((each) => toRow(each, offer)),
    { label: vscode.l10n.t('Another Value …'), value: null, alwaysShow: true },
  ];
  const placeHolder = describeGrid(offer);
  const picked = await vscode.window.showQuickPick(rows, { title, placeHolder, canPickMany: true });
  if (picked === undefined) return undefined;
  const chosen = picked.flatMap(({ value }) => value ?? []);
  if (picked.every(({ value }) => value !== null)) return chosen;
  const prompt = vscode.l10n.t('A value as YAML has it: 0.003, relu, [16, 32]');
  const own = await vscode.window.showInputBox({ title, prompt });
  return own === undefined || own.trim() === '' ? undefined : [...chosen, own.trim()];
}

function toRow({ text, tried, best, isCurrent }: GridCandidate, { objective }: GridOffer): ValueRow {
  const runs =
    best === null
      ? vscode.l10n.t('not tried yet')
      : tried === 1
        ? vscode.l10n.t('1 run, {0} {1}', objective.metric, formatValue(best))
        : vscode.l10n.t('{0} runs, best {1} {2}', tried, objective.metric, formatValue(best));
  const words = isCurrent ? [vscode.l10n.t('the config’s own'), runs] : [runs];
  return { label: text, description: words.join(' · '), value: text };
}
