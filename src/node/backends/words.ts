import { tfjsVersion, type InstallationStep } from '../../core/backends/backends.ts';
import type { Progress } from './perform.ts';

/** A step of an installation in a few words, for a plan and for its progress. */
export function describeStep(step: InstallationStep): string {
  switch (step.kind) {
    case 'packages':
      return `npm install @tensorflow/tfjs-node@${tfjsVersion}, without its scripts`;
    case 'download':
      return `download ${step.name}${step.bytes === null ? '' : ` (${formatBytes(step.bytes)})`}`;
    case 'link':
      return `use the libraries in ${step.from}`;
    case 'unpack':
      return `unpack the libraries of ${step.name}`;
    case 'nvidia':
      return 'download the libraries of CUDA that it needs (about 3 GB)';
    case 'compile':
      return `compile the addon with ${step.compiler}`;
    case 'prebuilt':
      return 'download a prebuilt addon, as there is no C++ compiler';
    case 'verify':
      return 'train one step with it';
  }
}

export function formatProgress({ step, done, total }: Progress): string {
  const part = total === null ? '' : ` of ${formatBytes(total)}`;
  return `${describeStep(step)}: ${formatBytes(done)}${part}`;
}

/** Whole percents of everything, each step as long as the others. */
export function toPercent({ done, total, index, count }: Progress): number {
  const part = total === null || total === 0 ? 0 : done / total;
  return Math.floor((100 * (index + part)) / count);
}

export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
