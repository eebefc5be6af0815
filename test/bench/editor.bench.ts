import { stat } from 'node:fs/promises';
import path from 'node:path';
import { ensurePackage } from '../../scripts/packaging/packaging.ts';
import { dist, results } from '../../scripts/places.ts';
import { chromiumMissing, ensureChromium } from '../../scripts/vscode-host/browser.ts';
import { openWorkbench, type Workbench } from '../../scripts/vscode-host/workbench.ts';
import { median, type Figure, type Measurement } from './measuring.ts';

const WINDOWS = 5;
/** High enough for the row of each extension: lists draw only those that can be seen. */
const SIZE = { width: 1280, height: 2400 };

export const measurements: readonly Measurement[] = [
  { what: 'activation', aim: '< 50 ms', holds: (value) => value < 50, measure: measureActivation },
  { what: 'extension bundle', aim: '< 500 KB', holds: (value) => value < 500, measure: measureBundle },
];

/**
 * What VS Code itself says about the installed package ("Developer: Show Running Extensions"), the project being open: loading
 * its code and activating it, in milliseconds. Median of several windows; the yardstick is VS Code's own Git in the same windows.
 */
async function measureActivation(project: string): Promise<Figure> {
  if ((await ensureChromium()) === undefined) return { missing: chromiumMissing };
  const { vsix } = await ensurePackage();
  const pictures = path.join(results, 'bench');
  const workbench = await openWorkbench({ opened: { folder: project }, vsix: [vsix], size: SIZE, pictures });
  try {
    const ours: number[] = [];
    const git: number[] = [];
    while (ours.length < WINDOWS) {
      if (ours.length > 0) await workbench.reload();
      await workbench.command('Developer: Show Running Extensions');
      ours.push(await readActivation(workbench, 'MLOps Workflow'));
      git.push(await readActivation(workbench, 'Git'));
    }
    const value = median(ours);
    return { value, text: `${value} ms (VS Code's own Git: ${median(git)} ms)` };
  } finally {
    await workbench.close();
  }
}

async function readActivation({ page }: Workbench, extension: string): Promise<number> {
  const name = page.locator('.name').filter({ hasText: new RegExp(`^${extension}$`) });
  const row = page.locator('.runtime-extensions-editor .extension').filter({ has: name });
  const text = await row.locator('.activation-time', { hasText: /\d\s*ms/ }).innerText({ timeout: 30_000 });
  return Number(/(\d+)\s*ms/.exec(text)?.[1] ?? Number.NaN);
}

async function measureBundle(): Promise<Figure> {
  const { size } = await stat(path.join(dist, 'extension.js'));
  const value = size / 1000;
  return { value, text: `${value.toFixed(0)} KB` };
}
