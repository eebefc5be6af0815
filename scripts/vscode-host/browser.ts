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

const PERMISSIONS = ['clipboard-read', 'clipboard-write'] as const;

/** A headless Chromium with a fresh profile of its own. Throws a plain sentence where none is installed. */
export async function openBrowser(viewport = { width: 1280, height: 800 }): Promise<Browser> {
  const executable = requireChromium();
  const profile = await mkdtemp(path.join(tmpdir(), 'mlops-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executable,
    headless: true,
    viewport,
    permissions: [...PERMISSIONS],
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

/** A headless Chromium for several programs: each connects to it and has a context of its own. */
export async function startBrowserServer(): Promise<{ readonly address: string; close(): Promise<void> }> {
  const home = await mkdtemp(path.join(tmpdir(), 'mlops-chromium-'));
  const server = await chromium.launchServer({
    executablePath: requireChromium(),
    headless: true,
    env: { ...definedOnly(process.env), HOME: home },
    args: FLAGS,
  });
  return {
    address: server.wsEndpoint(),
    close: async () => {
      await server.close();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A context in a browser that was started elsewhere; closing it leaves the browser alone. */
export async function connectBrowser(address: string): Promise<Omit<Browser, 'page'>> {
  const browser = await chromium.connect(address);
  const context = await browser.newContext({ permissions: [...PERMISSIONS] });
  return { context, close: () => browser.close() };
}

export const chromiumMissing =
  'No Chromium or Chrome was found. Install one ("apt-get install chromium" on Debian), or name it in MLOPS_CHROMIUM.';

function requireChromium(): string {
  const executable = findChromium();
  if (executable === undefined) throw new Error(chromiumMissing);
  return executable;
}

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
