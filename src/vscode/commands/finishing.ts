import * as vscode from 'vscode';
import { toAbsolute } from '../../core/trees/trees.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { FlowCheck, FlowGate, GateName } from '../../protocol/gates.ts';
import type { FinishedType } from '../../protocol/gitflow.ts';
import type { Problem } from '../../protocol/problem.ts';
import { withStop } from './progress.ts';

/** A branch that shall be finished. */
export interface Finished {
  readonly project: string;
  readonly type: FinishedType;
  readonly name: string;
  readonly pullRequest?: true;
}

/** What goes into the request of a finish when its gates were looked at. */
export interface Passed {
  readonly gates: readonly FlowGate[];
  /** Why it goes on although gates do not hold. */
  readonly override?: string;
}

/**
 * Looks at the gates, and shows them where one does not hold; undefined when the user looks at one of them, or gives up. None where the finish has
 * passed them before: what waits on its host, or has stopped.
 */
export async function passGates(engine: EngineClient, { project, ...finished }: Finished): Promise<Passed | undefined> {
  const { type, name } = finished;
  const planned = await engine.request('planFlow', { project, flow: { action: 'finish', ...finished } });
  if (planned.gates.length === 0) return { gates: [] };
  const title = vscode.l10n.t('Looking at the gates of {0} {1} …', type, name);
  const check = await withStop(engine, project, title, () => engine.request('checkFlow', { project, type, name }));
  const { gates } = check;
  if (check.outcome === 'passed') return { gates };
  const chosen = await vscode.window.showQuickPick(toRows(gates), {
    title: vscode.l10n.t('Gates of {0} {1}', type, name),
    placeHolder: vscode.l10n.t('A gate or a place leads to where to look; the last row goes on all the same.'),
    matchOnDescription: true,
  });
  if (chosen === undefined) return undefined;
  if (chosen.does !== 'override') {
    await look(check, chosen.gate, chosen.place);
    return undefined;
  }
  const override = await askReason(gates);
  return override === undefined ? undefined : { gates, override };
}

interface Row extends vscode.QuickPickItem {
  readonly does?: 'override';
  readonly gate?: FlowGate;
  readonly place?: Problem;
}

/** Those that do not hold come first, each with its places below it. */
function toRows(gates: readonly FlowGate[]): readonly Row[] {
  const failed = gates.filter(({ outcome }) => outcome === 'failed');
  const rest = gates.filter(({ outcome }) => outcome !== 'failed');
  const separator = (label: string): Row => ({ label, kind: vscode.QuickPickItemKind.Separator });
  return [
    separator(vscode.l10n.t('in the way')),
    ...failed.flatMap((gate) => [toRow(gate), ...gate.places.map((place) => toPlaceRow(gate, place))]),
    ...(rest.length === 0 ? [] : [separator(vscode.l10n.t('in order, or not here'))]),
    ...rest.map(toRow),
    separator(''),
    {
      label: vscode.l10n.t('Finish All the Same…'),
      description: vscode.l10n.t('asks for the reason'),
      does: 'override',
    },
  ];
}

const icons: Readonly<Record<FlowGate['outcome'], string>> = {
  passed: 'pass',
  failed: 'error',
  absent: 'dash',
  off: 'circle-slash',
  waiting: 'clock',
};

function toRow(gate: FlowGate): Row {
  return { label: `$(${icons[gate.outcome]}) ${nameGate(gate.name)}`, description: gate.message, gate };
}

function toPlaceRow(gate: FlowGate, place: Problem): Row {
  return { label: `$(go-to-file) ${place.file}:${place.line}`, description: place.message, gate, place };
}

function nameGate(name: GateName): string {
  switch (name) {
    case 'pipeline':
      return vscode.l10n.t('Pipeline');
    case 'data':
      return vscode.l10n.t('Data');
    case 'performance':
      return vscode.l10n.t('Performance');
    case 'lint':
      return vscode.l10n.t('Lint');
    case 'tests':
      return vscode.l10n.t('Tests');
    case 'files':
      return vscode.l10n.t('Large files');
    case 'secrets':
      return vscode.l10n.t('Secrets');
  }
}

/** A gate in a line, for the plan of a finish. */
export function describeGate({ name, outcome, message }: FlowGate): string | undefined {
  if (outcome === 'absent' || outcome === 'off') return undefined;
  return `${outcome === 'failed' ? '✗' : '✓'} ${nameGate(name)}: ${message}`;
}

/** The place in its file, what a program has printed, or the command that tells more. */
async function look({ root }: FlowCheck, gate: FlowGate | undefined, place: Problem | undefined): Promise<void> {
  const at = place ?? (gate?.log === null ? gate.places[0] : undefined);
  if (at !== undefined) {
    const start = new vscode.Position(at.line - 1, at.column - 1);
    await vscode.window.showTextDocument(vscode.Uri.file(toAbsolute(root, at.file)), {
      selection: new vscode.Range(start, start),
    });
    return;
  }
  if (gate === undefined) return;
  if (gate.log !== null) {
    await vscode.window.showTextDocument(vscode.Uri.file(gate.log), { preview: true });
    return;
  }
  const words = gate.look === null ? gate.message : vscode.l10n.t('{0} More: {1}', gate.message, gate.look);
  void vscode.window.showInformationMessage(words);
}

async function askReason(gates: readonly FlowGate[]): Promise<string | undefined> {
  const failed = gates.filter(({ outcome }) => outcome === 'failed').map(({ name }) => nameGate(name));
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Finish although gates do not hold: {0}', failed.join(', ')),
    prompt: vscode.l10n.t('The reason; it goes into the message of the merge'),
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? vscode.l10n.t('A reason is needed.') : undefined),
  });
}
