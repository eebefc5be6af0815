import * as vscode from 'vscode';
import { toSweepFacts } from '../core/sweep/sweep.ts';
import { describeTrials } from '../core/trees/trees.ts';
import type { EngineClient, EngineEvents, LiveProcess } from '../protocol/engine.ts';
import { countsEpochs, epochOf } from '../protocol/tracking.ts';
import { setContext } from './contextkeys.ts';
import type { CommandId } from './manifest.ts';
import type { Projects } from './projects.ts';

interface Progress {
  readonly epoch: number;
  readonly epochs: number | null;
}

/**
 * One item while something runs in any project: the stage or model, and the epoch. A click opens the chart of a training, the
 * log of anything else.
 */
export class RunningStatus {
  readonly #engine: EngineClient;
  readonly #projects: Projects;
  readonly #report: (error: unknown) => void;
  readonly #item: vscode.StatusBarItem;
  readonly #subscriptions: { dispose(): void }[];
  readonly #live = new Map<string, readonly LiveProcess[]>();
  readonly #progress = new Map<string, Progress>();
  readonly #stages = new Map<string, string>();
  /** By the sweep's run: how far it is, in words. */
  readonly #sweeps = new Map<string, string>();

  constructor(engine: EngineClient, projects: Projects, report: (error: unknown) => void) {
    this.#engine = engine;
    this.#projects = projects;
    this.#report = report;
    this.#item = vscode.window.createStatusBarItem('mlops.running', vscode.StatusBarAlignment.Left);
    this.#item.name = vscode.l10n.t('MLOps: what is running');
    this.#subscriptions = [
      this.#item,
      engine.onEvent('processes', ({ project, processes }) => this.#setProcesses(project, processes)),
      engine.onEvent('points', (event) => this.#addPoints(event)),
      engine.onEvent('changed', ({ project, areas }) => {
        if (areas.includes('pipeline') && (this.#live.get(project)?.length ?? 0) > 0)
          this.#readStage(project).catch(report);
      }),
      projects.onDidChange(() => this.#readAll()),
    ];
    this.#show();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** After a reload of the window, and when a project is opened, something may be running already. */
  #readAll(): void {
    const roots = this.#projects.list.map(({ root }) => root);
    for (const project of [...this.#live.keys()]) if (!roots.includes(project)) this.#live.delete(project);
    for (const project of roots)
      this.#engine
        .request('listProcesses', { project })
        .then((processes) => this.#setProcesses(project, processes), this.#report);
  }

  #setProcesses(project: string, processes: readonly LiveProcess[]): void {
    this.#live.set(project, processes);
    for (const { runId, kind } of processes) {
      if (runId === null) continue;
      // Its trials come and go with the list of processes.
      if (kind === 'sweep') this.#readSweep(project, runId).catch(this.#report);
      else if (!this.#progress.has(runId)) this.#readProgress(project, runId).catch(this.#report);
    }
    if (processes.length === 0) this.#stages.delete(project);
    else this.#readStage(project).catch(this.#report);
    this.#show();
  }

  async #readStage(project: string): Promise<void> {
    const { stages } = await this.#engine.request('readStatus', { project });
    const running = stages.find(({ state }) => state === 'running')?.name;
    if (running === undefined) this.#stages.delete(project);
    else this.#stages.set(project, running);
    this.#show();
  }

  async #readSweep(project: string, runId: string): Promise<void> {
    const { t } = vscode.l10n;
    const { runs } = await this.#engine.request('listRuns', { project });
    const run = runs.find((candidate) => candidate.runId === runId);
    const trials = runs.filter(({ parentRunId }) => parentRunId === runId);
    const sweep = run === undefined ? null : toSweepFacts(run, trials);
    if (sweep !== null) this.#sweeps.set(runId, describeTrials(sweep, t));
    this.#show();
  }

  async #readProgress(project: string, runId: string): Promise<void> {
    this.#progress.set(runId, { epoch: 0, epochs: null });
    const { runs } = await this.#engine.request('listRuns', { project });
    const run = runs.find((candidate) => candidate.runId === runId);
    if (run === undefined) return;
    const known = this.#progress.get(runId)?.epoch ?? 0;
    const { epoch, epochs } = epochOf(run);
    this.#progress.set(runId, { epoch: Math.max(epoch, known), epochs });
    this.#show();
  }

  #addPoints({ runId, metric, points }: EngineEvents['points']): void {
    const known = this.#progress.get(runId);
    const step = points.steps.at(-1);
    if (!countsEpochs(metric) || step === undefined || known === undefined || step <= known.epoch) return;
    this.#progress.set(runId, { ...known, epoch: step });
    this.#show();
  }

  #show(): void {
    const all = [...this.#live].flatMap(([project, processes]) => processes.map((process) => ({ project, process })));
    void setContext('mlops.running', all.length > 0);
    const training = all.find(({ process }) => process.runId !== null);
    const shown = training ?? all[0];
    if (shown === undefined) {
      this.#item.hide();
      return;
    }
    const { project, process } = shown;
    const name = this.#stages.get(project) ?? process.model ?? process.command;
    const what = process.kind === 'sweep' ? vscode.l10n.t('Sweep {0}', process.model ?? '') : name;
    const isPaused = process.steering?.paused === true;
    const parts = [what, isPaused ? vscode.l10n.t('paused') : '', this.#describeProgress(process)];
    this.#item.text = `${isPaused ? '$(debug-pause)' : '$(sync~spin)'} ${parts.filter((part) => part !== '').join(' · ')}`;
    this.#item.tooltip = process.runId === null ? vscode.l10n.t('Open the log') : vscode.l10n.t('Show the run’s chart');
    this.#item.accessibilityInformation = {
      label: isPaused ? vscode.l10n.t('MLOps has paused {0}', what) : vscode.l10n.t('MLOps runs {0}', what),
    };
    const command: CommandId = process.runId === null ? 'mlops.openLog' : 'mlops.showRunChart';
    const target =
      process.runId === null ? { kind: 'project', project } : { kind: 'run', project, runId: process.runId };
    this.#item.command = { command, title: '', arguments: [target] };
    this.#item.show();
  }

  #describeProgress({ runId, kind }: LiveProcess): string {
    if (runId === null) return '';
    return kind === 'sweep' ? (this.#sweeps.get(runId) ?? '') : describeProgress(this.#progress.get(runId));
  }
}

function describeProgress(progress: Progress | undefined): string {
  if (progress === undefined || progress.epoch === 0) return '';
  const { epoch, epochs } = progress;
  return epochs === null ? vscode.l10n.t('epoch {0}', epoch) : vscode.l10n.t('epoch {0}/{1}', epoch, epochs);
}
