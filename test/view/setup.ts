import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startBrowserServer } from '../../scripts/vscode-host/browser.ts';
import { buildPages, mustSkip, shared } from './browser.ts';

/** Once for all files of the layer: the pages are built, and one Chromium is started, in which each file has a context of its own. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (mustSkip()) return undefined;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-view-'));
  const [browser] = await Promise.all([startBrowserServer(), buildPages(folder)]);
  process.env[shared.pages] = folder;
  process.env[shared.browser] = browser.address;
  return async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  };
}
