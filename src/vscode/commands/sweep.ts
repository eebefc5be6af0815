import * as vscode from 'vscode';
import { describeTime } from '../../core/sparks/sparks.ts';
import { toSweepArguments } from '../../core/sweep/sweep.ts';
import type { StageStatus } from '../../protocol/pipeline.ts';
import type { SweepChoice, SweepOutline } from '../../protocol/sweep.ts';
import type { CommandTypes } from './commands.ts';
import { pickConfig, pickProject } from './pick.ts';
import { runShowing, trainStageOf, type RunningParts } from './running.ts';
import { refuseUnsaved } from './unsaved.ts';

/** Where the question stands; undefined when the user has given up. */
type Turn = { readonly choice: SweepChoice } | 'start' | { readonly stage: string } | undefined;

interface Row extends vscode.QuickPickItem {
  /** What picking it leads to; rows that only tell something lead nowhere. */
  readonly turn?: () => Promise<Turn> | Turn;
}

/**
 * A sweep is told before it begins: how trials are chosen, how many there are, about how long they take. Each of these can be
 * changed, and is told anew, until the user starts it.
 */
export function createSweepCommands(parts: RunningParts): Pick<CommandTypes, 'mlops.sweep'> {
  const { engine, projects } = parts;
  return {
    async 'mlops.sweep'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const title = vscode.l10n.t('Config to sweep');
      const config = target?.kind === 'config' ? target : await pickConfig(engine, project, title);
      if (config === undefined) return;
      refuseUnsaved(project, config.file);
      await askAndStart(parts, project, config);
    },
  };
}

async function askAndStart(
  parts: RunningParts,
  project: string,
  { model, file }: { readonly model: string; readonly file: string },
): Promise<void> {
  const stage = await findStaleBefore(parts, project, model);
  for (let choice: SweepChoice = {}; ;) {
    const outline = await plan(parts, project, { config: file, choice });
    const turn = await ask(model, { outline, choice, stage });
    if (turn === undefined) return;
    if (turn === 'start') {
      const name = vscode.l10n.t('Sweep {0}', model);
      return runShowing(parts, project, { name, arguments: toSweepArguments(file, choice) }, model);
    }
    if ('stage' in turn) return runShowing(parts, project, { name: turn.stage, stage: turn.stage });
    choice = turn.choice;
  }
}

/** The stage that the training waits for, if the pipeline has such a training and what it reads is not fresh. */
async function findStaleBefore(
  { engine }: RunningParts,
  project: string,
  model: string,
): Promise<StageStatus | undefined> {
  const { stages } = await engine.request('readStatus', { project });
  const needs = trainStageOf(stages, model)?.needs ?? [];
  return stages.find(({ name, state }) => needs.includes(name) && state !== 'fresh' && state !== 'frozen');
}

async function plan(
  { engine }: RunningParts,
  project: string,
  question: { readonly config: string; readonly choice: SweepChoice },
): Promise<SweepOutline> {
  const title = vscode.l10n.t('Planning the sweep …');
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
    engine.request('planSweep', { project, ...question }),
  );
}

interface Question {
  readonly outline: SweepOutline;
  readonly choice: SweepChoice;
  readonly stage: StageStatus | undefined;
}

async function ask(model: string, question: Question): Promise<Turn> {
  const title = vscode.l10n.t('Sweep {0}', model);
  const placeHolder = vscode.l10n.t('Start it, or change what it does');
  const picked = await vscode.window.showQuickPick(toRows(question), { title, placeHolder, ignoreFocusOut: true });
  if (picked === undefined) return undefined;
  return picked.turn === undefined ? { choice: question.choice } : picked.turn();
}

function toRows({ outline, choice, stage }: Question): Row[] {
  const { strategy, trials, jobs, first } = outline;
  const others = trials - first.length;
  return [
    {
      label: `$(play) ${vscode.l10n.t('Start')}`,
      description: describe(outline),
      detail: describeAim(outline),
      turn: () => 'start',
    },
    ...(stage === undefined ? [] : [toStageRow(stage)]),
    {
      label: `$(list-selection) ${vscode.l10n.t('Strategy')}`,
      description: strategy,
      turn: () => askStrategy(outline, choice),
    },
    {
      label: `$(symbol-numeric) ${vscode.l10n.t('Trials')}`,
      description: String(trials),
      turn: () => askNumber(vscode.l10n.t('How many trials'), trials, choice, 'trials'),
    },
    {
      label: `$(layers) ${vscode.l10n.t('Trials at a time')}`,
      description: String(jobs),
      turn: () => askNumber(vscode.l10n.t('How many trials are trained at a time'), jobs, choice, 'jobs'),
    },
    { label: vscode.l10n.t('Trials'), kind: vscode.QuickPickItemKind.Separator },
    ...first.map((label) => ({ label })),
    ...(others > 0 ? [{ label: vscode.l10n.t('and {0} more', others) }] : []),
  ];
}

/** A trial reads the data as they are, whatever the pipeline would make of them. */
function toStageRow({ name }: StageStatus): Row {
  return {
    label: `$(warning) ${vscode.l10n.t('Run {0} first', name)}`,
    description: vscode.l10n.t('it is not up to date, and trials read the data as they are'),
    turn: () => ({ stage: name }),
  };
}

/** `grid · 24 trials · about 12 min, by 5 runs` */
function describe({ strategy, trials, secondsLeft, pacedBy }: SweepOutline): string {
  const time =
    secondsLeft === null
      ? vscode.l10n.t('how long is known after the first')
      : describeTime(secondsLeft, pacedBy, vscode.l10n.t);
  return [strategy, trials === 1 ? vscode.l10n.t('1 trial') : vscode.l10n.t('{0} trials', trials), time].join(' · ');
}

/** `minimize val_loss · epochs 1 → 3 → 9` */
function describeAim({ objective, epochs }: SweepOutline): string {
  return `${objective} · ${vscode.l10n.t('epochs {0}', epochs)}`;
}

async function askStrategy({ strategies, strategy }: SweepOutline, choice: SweepChoice): Promise<Turn> {
  const title = vscode.l10n.t('Strategy');
  const words = strategyWords();
  const rows = strategies.map((label) => ({
    label,
    description: label === strategy ? vscode.l10n.t('chosen') : '',
    detail: words.get(label) ?? '',
  }));
  const picked = await vscode.window.showQuickPick(rows, { title, matchOnDetail: true });
  return { choice: picked === undefined ? choice : { ...choice, strategy: picked.label } };
}

function strategyWords(): ReadonlyMap<string, string> {
  return new Map([
    ['grid', vscode.l10n.t('Every combination of the values')],
    ['random', vscode.l10n.t('Combinations by chance, none twice')],
    ['latin', vscode.l10n.t('By chance, but spread evenly over the range of each value')],
    ['halving', vscode.l10n.t('Many short trainings; the best of them go on longer')],
  ]);
}

async function askNumber(prompt: string, now: number, choice: SweepChoice, key: 'trials' | 'jobs'): Promise<Turn> {
  const text = await vscode.window.showInputBox({
    prompt,
    value: String(now),
    validateInput: (given) => (isCount(given) ? undefined : vscode.l10n.t('A whole number from 1')),
  });
  return { choice: text === undefined || !isCount(text) ? choice : { ...choice, [key]: Number(text) } };
}

function isCount(text: string): boolean {
  return /^[1-9]\d{0,5}$/.test(text.trim());
}
