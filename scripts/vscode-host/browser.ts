import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { findProgram, runProgram } from '../programs.ts';

export interface Browser {
  readonly page: Page;
  readonly context: BrowserContext;
  close(): Promise<void>;
}

const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** A headless Chromium with a fresh profile of its own. Throws a plain sentence where none is installed. */
export async function openBrowser(viewport = { width: 1280, height: 800 }): Promise<Browser> {
  const executable = findChromium();
  if (executable === undefined) throw new Error(chromiumMissing);
  const profile = await mkdtemp(path.join(tmpdir(), 'mlops-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable,
    headless: true,
    viewport,
    permissions: ['clipboard-read', 'clipboard-write'],
    env: { ...definedOnly(process.env), HOME: profile },
    args: FLAGS,
  });
  return {
    page: context.pages()[0] ?? (await context.newPage()),
    context,
    close: async () => {
      await context.close().catch(() => undefined);
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export const chromiumMissing =
  'No Chromium or Chrome was found. Install one ("apt-get install chromium" on Debian), or name it in MLOPS_CHROMIUM.';

/** MLOPS_CHROMIUM, else the first browser of the Chromium family in PATH. */
function findChromium(): string | undefined {
  const { MLOPS_CHROMIUM } = process.env;
  if (MLOPS_CHROMIUM !== undefined && MLOPS_CHROMIUM !== '') return MLOPS_CHROMIUM;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  return names.map((name) => findProgram(name)).find((file) => file !== undefined);
}

/** Finds Chromium, or installs Debian's where apt is ours to use. Undefined when neither is to be had. */
export async function ensureChromium(): Promise<string | undefined> {
  const found = findChromium();
  if (found !== undefined) {
    await access(found);
    return found;
  }
  return (await installWithApt(['chromium'])) ? findChromium() : undefined;
}

/** Installs Debian packages where this process is root and apt is there; says false where not. */
export async function installWithApt(packages: readonly string[]): Promise<boolean> {
  const apt = findProgram('apt-get');
  if (apt === undefined || process.getuid?.() !== 0) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  console.log(`Installing ${packages.join(', ')} with apt.`);
  if ((await runProgram(apt, install, { env })) === 0) return true;
  await runProgram(apt, ['update', '-q'], { env });
  return (await runProgram(apt, install, { env })) === 0;
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
