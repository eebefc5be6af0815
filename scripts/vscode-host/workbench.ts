import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { listFiles } from '../../src/node/files/files.ts';
import { openBrowser, type Browser } from './browser.ts';
import { workbenchUrl, type Opened } from './development.ts';
import { ensureCodeServer } from './install.ts';
import { createQuickInput, type QuickInput } from './quickinput.ts';
import { installExtensions, startServer, type Server, type ServerOptions } from './server.ts';

export interface WorkbenchOptions extends Pick<ServerOptions, 'trustEverything' | 'settings' | 'env'> {
  readonly opened: Opened;
  /** Packages that are installed before the window opens, as `code --install-extension` does. */
  readonly vsix?: readonly string[];
  /** Of the window, in pixels. Lists draw only the rows that can be seen. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Where `picture` writes to. */
  readonly pictures: string;
}

/** The whole of VS Code's window, for tests that look at it and act in it as a person does. */
export interface Workbench extends QuickInput {
  readonly page: Page;
  /** Of the server, an ancestor of the extension host. */
  readonly pid: number;
  /** Folder of the installed extensions. */
  readonly extensions: string;
  /** Waits until the window shows this folder as the opened one. */
  showsFolder(name: string): Promise<void>;
  /** Opens a view container of the activity bar by its title. */
  container(title: string): Promise<void>;
  /** The rows of a tree view, by the title of its pane. */
  rows(view: string): Locator;
  /** The page inside the webview that is shown. */
  webview(): FrameLocator;
  notifications(): Locator;
  picture(name: string): Promise<void>;
  /**
   * Reloads the window and waits until it is usable. With `remembering`, only once the window has stored a state with this text, backslashes aside:
   * in a browser it stores every few seconds, where desktop VS Code does so when it closes.
   */
  reload(options?: { readonly remembering: string }): Promise<void>;
  /** When an extension was activated last, in milliseconds since 1970, and by which event; waits until it is. */
  activation(extension: string): Promise<{ readonly time: number; readonly event: string }>;
  close(): Promise<void>;
}

const USABLE_MS = 60_000;

export async function openWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const home = await mkdtemp(path.join(tmpdir(), 'mlops-workbench-'));
  const codeServer = await ensureCodeServer();
  if (options.vsix !== undefined) await installExtensions({ codeServer, home }, options.vsix);
  const { trustEverything = true, settings = {}, env = {} } = options;
  const server = await startServer({ codeServer, home, trustEverything, settings, env });
  try {
    const browser = await openBrowser(options.size);
    const workbench = createWorkbench({ home, server, browser, pictures: options.pictures });
    await browser.page.goto(workbenchUrl(server.origin, options.opened), { waitUntil: 'domcontentloaded' });
    await waitUntilUsable(browser.page);
    return workbench;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

interface Parts {
  readonly home: string;
  readonly server: Server;
  readonly browser: Browser;
  readonly pictures: string;
}

function createWorkbench({ home, server, browser, pictures }: Parts): Workbench {
  const { page } = browser;
  return {
    ...createQuickInput(page),
    page,
    pid: server.pid,
    extensions: path.join(home, 'extensions'),
    async showsFolder(name) {
      const deadline = performance.now() + USABLE_MS;
      // The title is the window's own word for what is opened, whatever part of it is shown.
      while (!(await page.title()).includes(name)) {
        if (performance.now() > deadline) throw new Error(`The window does not show the folder "${name}".`);
        await page.waitForTimeout(100);
      }
      await waitUntilUsable(page);
    },
    async container(title) {
      const icon = page.locator('.activitybar .action-item').filter({ has: page.locator(`[aria-label^="${title}"]`) });
      await icon.first().click();
      await page
        .locator('.sidebar .composite.title')
        .filter({ hasText: new RegExp(title, 'i') })
        .waitFor();
    },
    rows: (view) =>
      page
        .locator('.sidebar .pane')
        .filter({ has: page.locator(`.pane-header[aria-label^="${view}"]`) })
        .locator('.monaco-list-row'),
    webview: () => page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame'),
    notifications: () => page.locator('.notifications-toasts .notification-list-item'),
    async picture(name) {
      await mkdir(pictures, { recursive: true });
      await page.screenshot({ path: path.join(pictures, `${name}.png`) });
    },
    async reload(options) {
      if (options !== undefined) await waitUntilStored(page, options.remembering);
      await page.reload({ waitUntil: 'domcontentloaded' });
      await waitUntilUsable(page);
    },
    async activation(extension) {
      const deadline = performance.now() + USABLE_MS;
      for (;;) {
        const found = await readActivation(path.join(home, 'user', 'logs'), extension);
        if (found !== undefined) return found;
        if (performance.now() > deadline) throw new Error(`${extension} is not activated.`);
        await page.waitForTimeout(100);
      }
    },
    async close() {
      await browser.close();
      await server.stop();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** From the logs of the extension host: a folder for each start of the server, a line for each activation. */
async function readActivation(
  logs: string,
  extension: string,
): Promise<{ readonly time: number; readonly event: string } | undefined> {
  const names = (await listFiles(logs)).filter((name) => path.basename(name) === 'remoteexthost.log');
  const texts = await Promise.all(names.map((name) => readFile(path.join(logs, name), 'utf8')));
  const pattern = /^(\S+ \S+) \[info\] .*_doActivateExtension ([\w.-]+),.*activationEvent: '([^']*)'/gm;
  const all = texts.flatMap((text) => [...text.matchAll(pattern)]).filter(([, , name]) => name === extension);
  const times = all.map(([, time = '', , event = '']) => ({ time: new Date(time.replace(' ', 'T')).getTime(), event }));
  return times.sort((a, b) => a.time - b.time).at(-1);
}

async function waitUntilUsable(page: Page): Promise<void> {
  await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: USABLE_MS });
  await page.locator('.monaco-workbench .activitybar .action-item').first().waitFor({ timeout: USABLE_MS });
}

async function waitUntilStored(page: Page, text: string): Promise<void> {
  // Text, because it runs in the page. Each workspace has a database of its own, with one table of keys and JSON.
  const isStored = `(async () => {
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
      });
      try {
        if (!database.objectStoreNames.contains('ItemTable')) continue;
        const values = await new Promise((resolve, reject) => {
          const reading = database.transaction('ItemTable').objectStore('ItemTable').getAll();
          reading.onsuccess = () => resolve(reading.result);
          reading.onerror = () => reject(reading.error);
        });
        if (values.some((value) => String(value).replaceAll('\\\\', '').includes(${JSON.stringify(text)}))) return true;
      } finally {
        database.close();
      }
    }
    return false;
  })()`;
  const deadline = performance.now() + USABLE_MS;
  while (!(await page.evaluate<boolean>(isStored))) {
    if (performance.now() > deadline) throw new Error(`The window did not store a state with "${text}".`);
    await page.waitForTimeout(200);
  }
}
