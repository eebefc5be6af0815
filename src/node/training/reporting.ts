import type { Output } from '../commandline/commandline.ts';
import type { TrainReporter } from './request.ts';

/** Tells a training on the command line while it works. */
export function createReporter(output: Output): TrainReporter {
  let pace = '';
  return {
    note: (text) => output.note(text),
    warning: (text) => output.note(`warning: ${text}`),
    failure: (text) => output.note(`error: ${text}`),
    started: ({ runId, name, model }) => output.note(`Training ${model} as ${name} (${runId.slice(0, 8)}).`),
    // Of its own it mostly has one; how many a compiled step has is told with the step.
    backend: ({ name, version, threads }) =>
      output.note(`Backend ${name} ${version}${threads > 1 ? `, ${threads} threads` : ''}.`),
    batch: (step, loss) => output.progress(`batch ${step}  batch_loss ${formatNumber(loss)}${pace}`),
    pace: (examplesPerSecond) => (pace = `  ${Math.round(examplesPerSecond)} examples/s`),
    epoch: (epoch, epochs, metrics, seconds) => {
      const values = Object.entries(metrics)
        .filter(([name]) => name !== 'learning_rate')
        .map(([name, value]) => `${name} ${formatNumber(value)}`);
      const count =
        epochs === 0 ? `epoch ${epoch}` : `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
      output.note([count, ...values, `${seconds.toFixed(1)} s`].join('  '));
    },
  };
}

/** Four digits that count: enough to watch a loss. */
export function formatNumber(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}
