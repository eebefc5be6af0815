import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { openBrowser, type Browser } from './browser.ts';
import { workbenchUrl, type Opened } from './development.ts';
import { ensureCodeServer } from './install.ts';
import { installExtensions, startServer, type Server, type ServerOptions } from './server.ts';

export interface WorkbenchOptions extends Pick<ServerOptions, 'trustEverything' | 'settings' | 'env'> {
  readonly opened: Opened;
  /** Packages that are installed before the window opens, as `code --install-extension` does. */
  readonly vsix?: readonly string[];
  /** Where `picture` writes to. */
  readonly pictures: string;
}

/** The whole of VS Code's window, for tests that look at it and act in it as a person does. */
export interface Workbench {
  readonly page: Page;
  /** Folder of the installed extensions. */
  readonly extensions: string;
  /** Runs a command by its title, as "MLOps: New Project", from the palette. */
  command(title: string): Promise<void>;
  /** Picks the row with this text in the open quick pick. */
  pick(text: string | RegExp): Promise<void>;
  /** Types into the open input box and accepts it. */
  answer(text: string): Promise<void>;
  /** Opens a view container of the activity bar by its title. */
  container(title: string): Promise<void>;
  /** The rows of a tree view, by the title of its pane. */
  rows(view: string): Locator;
  /** The page inside the webview that is shown. */
  webview(): FrameLocator;
  notifications(): Locator;
  picture(name: string): Promise<void>;
  /** Reloads the window and waits until it is usable. */
  reload(): Promise<void>;
  ready(): Promise<void>;
  close(): Promise<void>;
}

const QUICK_ROW = '.quick-input-widget:visible .quick-input-list .monaco-list-row';
const USABLE_MS = 60_000;
const PALETTE_MS = 2000;
const PALETTE_ATTEMPTS = 10;

export async function openWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const home = await mkdtemp(path.join(tmpdir(), 'mlops-workbench-'));
  const codeServer = await ensureCodeServer();
  if (options.vsix !== undefined) await installExtensions({ codeServer, home }, options.vsix);
  const { trustEverything = true, settings = {}, env = {} } = options;
  const server = await startServer({ codeServer, home, trustEverything, settings, env });
  try {
    const browser = await openBrowser();
    const workbench = createWorkbench({ home, server, browser, pictures: options.pictures });
    await browser.page.goto(workbenchUrl(server.origin, options.opened), { waitUntil: 'domcontentloaded' });
    await workbench.ready();
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
  const input = page.locator('.quick-input-widget:visible input.input');
  const quickRows = page.locator(QUICK_ROW);
  const ready = async (): Promise<void> => {
    await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: USABLE_MS });
    await page.locator('.monaco-workbench .activitybar .action-item').first().waitFor({ timeout: USABLE_MS });
  };
  return {
    page,
    extensions: path.join(home, 'extensions'),
    ready,
    async command(title) {
      // The palette does not take in commands of extensions that arrive while it is open: it is opened anew until one is there.
      const row = page.locator(`${QUICK_ROW}[aria-label="${title}"], ${QUICK_ROW}[aria-label^="${title},"]`).first();
      for (let attempt = 0; ; attempt++) {
        await page.keyboard.press('F1');
        await input.waitFor();
        await input.fill(`>${title}`);
        const found = await row.waitFor({ timeout: PALETTE_MS }).then(
          () => true,
          () => false,
        );
        if (found) return row.click();
        if (attempt === PALETTE_ATTEMPTS) throw new Error(`The palette has no command "${title}".`);
        await page.keyboard.press('Escape');
      }
    },
    async pick(text) {
      await quickRows.filter({ hasText: text }).first().click();
    },
    async answer(text) {
      await input.fill(text);
      await page.keyboard.press('Enter');
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
    async reload() {
      await page.reload({ waitUntil: 'domcontentloaded' });
      await ready();
    },
    async close() {
      await browser.close();
      await server.stop();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
