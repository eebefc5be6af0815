// `npm run demo`: writes the MNIST project into demo/, runs its whole pipeline, and shows what came of it.
import path from 'node:path';
import type { RunDocument, StageResult } from '../src/protocol/pipeline.ts';
import type { RunList, RunSummary } from '../src/protocol/tracking.ts';
import { exists } from '../src/node/files/files.ts';
import { ensureBuilt } from './building.ts';
import { askMlops } from './mlops.ts';
import { root } from './places.ts';
import { readProgram } from './programs.ts';
import { formatTable } from './tables.ts';

const project = path.join(root, 'demo');

async function main(): Promise<number> {
  await ensureBuilt();
  if (!(await exists(project))) {
    const { code } = await askMlops<unknown>(['new', 'demo', '--template', 'mnist', '--yes'], root);
    if (code !== 0) return code;
    await ensureFirstCommit();
  }
  const start = performance.now();
  const { code, document } = await askMlops<RunDocument | { error: unknown }>(['run'], project);
  if ('error' in document) return code;
  const seconds = (performance.now() - start) / 1000;
  const { document: list } = await askMlops<RunList>(['runs', 'list'], project);
  console.log(`\n${formatStages(document)}\n\n${formatRuns(list.runs)}\n`);
  console.log(`The pipeline ${document.outcome} in ${seconds.toFixed(1)} s.`);
  if (document.outcome === 'succeeded') console.log(`\n${whatNext}`);
  return code;
}

const whatNext = `What next:
  demo/reports/figures/           learning curves and a confusion matrix, as pictures
  demo/configs/cnnbased.yaml      change a number here and run "npm run demo" again: only what depends on it runs
  npm run workbench               the same project in VS Code, with trees and live charts`;

/** A machine where git knows nobody gets an identity in this one project, so that its history starts like any other. */
async function ensureFirstCommit(): Promise<void> {
  const git = (...args: string[]): Promise<string> => readProgram('git', args, { cwd: project });
  const hasCommit = await git('rev-parse', '--verify', '--quiet', 'HEAD').then(
    () => true,
    () => false,
  );
  if (hasCommit) return;
  await git('config', 'user.name', 'MLOps demo');
  await git('config', 'user.email', 'demo@localhost');
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'Start the project');
}

function formatStages({ stages }: RunDocument): string {
  // Why a stage ran is told while it runs; here only what went wrong is worth the space.
  const why = ({ outcome, reason = '' }: StageResult): string =>
    outcome === 'succeeded' || outcome === 'skipped' || outcome === 'restored' ? '' : reason;
  const rows = stages.map((stage) => [stage.name, stage.outcome, stage.seconds.toFixed(1), why(stage)]);
  return formatTable(['stage', 'outcome', 'seconds', ''], rows);
}

function formatRuns(runs: readonly RunSummary[]): string {
  const last = ({ metrics }: RunSummary, name: string): string => metrics[name]?.last.value.toFixed(4) ?? '–';
  const rows = runs.map((run) => [
    run.name,
    run.experiment,
    run.status,
    last(run, 'test_accuracy'),
    last(run, 'val_loss'),
    last(run, 'test_loss'),
    run.tags['mlops.backend'] ?? '–',
    run.runId.slice(0, 8),
  ]);
  return formatTable(['run', 'model', 'status', 'test accuracy', 'val loss', 'test loss', 'backend', 'id'], rows);
}

process.exitCode = await main();
