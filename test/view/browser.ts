import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as esbuild from 'esbuild';
import type { Page } from 'playwright-core';
import { pagesBundle } from '../../scripts/pages.ts';
import { connectBrowser, openBrowser, type Browser } from '../../scripts/vscode-host/browser.ts';
import { pageHtml, pagePolicy } from '../../src/vscode/panels/html.ts';
import { themes, type ThemeName } from './themes.ts';

const root = path.resolve(import.meta.dirname, '../..');
const pictures = path.join(root, 'test-results', 'view');
/** MLOPS_PICTURES=1 leaves pictures of what is tested in test-results/view, for people to look at. */
const takesPictures = process.env['MLOPS_PICTURES'] === '1';

/** MLOPS_SKIP_VIEW=1 leaves these tests out, loudly. Without it a missing Chromium fails them, with a sentence. */
export function mustSkip(): boolean {
  if (process.env['MLOPS_SKIP_VIEW'] !== '1') return false;
  console.warn('SKIPPED: every test of the pages, because MLOPS_SKIP_VIEW is set.');
  return true;
}

/** Where pictures are asked for. */
export async function keepPicture(name: string, take: () => Promise<Uint8Array> | Uint8Array): Promise<void> {
  if (!takesPictures) return;
  await mkdir(pictures, { recursive: true });
  await writeFile(path.join(pictures, `${name}.png`), await take());
}

/** Built pages behind a server of their own, and a Chromium to open them. */
export interface Bench {
  readonly bundle: (file: string) => Promise<string>;
  open(options: OpenOptions): Promise<OpenPage>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Its folder in `webview`. */
  readonly page: string;
  readonly texts: Readonly<Record<string, string>>;
  readonly context: unknown;
  /** What `getState` gives. */
  readonly state?: unknown;
  readonly theme?: ThemeName;
  readonly size?: { readonly width: number; readonly height: number };
  /** Called with each message of the page, in order. */
  readonly onMessage?: (message: unknown, opened: OpenPage) => void;
}

export interface OpenPage {
  readonly page: Page;
  readonly posted: readonly unknown[];
  /** Sends a message as VS Code does: typed arrays stay typed arrays. */
  readonly send: (message: unknown) => Promise<void>;
  readonly setTheme: (name: ThemeName) => Promise<void>;
  readonly violations: () => Promise<readonly string[]>;
  /** Errors and warnings of the page's console. */
  readonly complaints: readonly string[];
  state(): Promise<unknown>;
  /** Left in test-results/view, where pictures are asked for. */
  picture(name: string): Promise<void>;
}

/** Variables by which the files of the layer are told what `setup.ts` has made for all of them. */
export const shared = { pages: 'MLOPS_VIEW_PAGES', browser: 'MLOPS_VIEW_BROWSER' } as const;

/** With what is shared where there is such a thing, else with pages and a browser of its own. */
export async function startBench(): Promise<Bench> {
  const built = process.env[shared.pages];
  const folder = built ?? (await mkdtemp(path.join(os.tmpdir(), 'mlops-view-')));
  if (built === undefined) await buildPages(folder);
  const server = await serve(folder);
  const browser = await openShared();
  return {
    bundle: (file) => readFile(path.join(folder, file), 'utf8'),
    open: (options) => openPage(browser, server.add(options), options),
    close: async () => {
      await browser.close();
      server.close();
      if (built === undefined) await rm(folder, { recursive: true });
    },
  };
}

/** A context of its own in the browser of all files, or a browser. */
export function openShared(): Promise<Omit<Browser, 'page'>> {
  const address = process.env[shared.browser];
  return address === undefined ? openBrowser() : connectBrowser(address);
}

/** As `scripts/build.mjs` bundles them. */
export async function buildPages(outdir: string): Promise<void> {
  await esbuild.build({ ...(await pagesBundle()), minify: true, outdir, logLevel: 'error' });
}

interface Pages {
  /** The address of one more page. */
  add(options: OpenOptions): string;
  close(): void;
}

/** Serves pages under their policy, as a header too: nothing that VS Code does around it can soften it. */
async function serve(folder: string): Promise<Pages> {
  const pages: OpenOptions[] = [];
  const originOf = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const server = http.createServer((request, response) => {
    const name = (request.url ?? '/').slice(1);
    const options = pages[Number.parseInt(name, 10)];
    if (/^\d+$/.test(name) && options !== undefined) {
      servePage(response, options, originOf());
      return;
    }
    readFile(path.join(folder, path.normalize(`/${name}`))).then(
      (bytes) => {
        const type = name.endsWith('.css') ? 'text/css' : 'text/javascript';
        // Compiled scripts are kept with it.
        response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=3600' });
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    add: (options) => `${originOf()}/${pages.push(options) - 1}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function servePage(response: http.ServerResponse, { page, texts, context }: OpenOptions, origin: string): void {
  const policy = { cspSource: origin, nonce: 'n0nceOfTheTest' };
  const files = { script: `${origin}/${page}.js`, style: `${origin}/${page}.css` };
  const html = pageHtml({ language: 'en', title: 'Page', ...policy, ...files, texts, context });
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': pagePolicy(policy),
  });
  response.end(html);
}

async function openPage(browser: Pick<Browser, 'context'>, address: string, options: OpenOptions): Promise<OpenPage> {
  const { theme = 'dark', size = { width: 1280, height: 800 }, state, onMessage } = options;
  const page = await browser.context.newPage();
  await page.setViewportSize(size);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const posted: unknown[] = [];
  const complaints: string[] = [];
  page.on('console', (message) => {
    // A browser asks for an icon by itself; VS Code's frame never does.
    if (['error', 'warning'].includes(message.type()) && !message.location().url.endsWith('favicon.ico'))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const opened: OpenPage = {
    page,
    posted,
    complaints,
    send: async (message) => {
      try {
        await page.evaluate(`window.testHost.deliver(${JSON.stringify(message, encodeTyped)})`);
      } catch (error) {
        // An answer may come when its page is closed already, as in VS Code.
        if (!page.isClosed()) throw error;
      }
    },
    setTheme: async (name) => {
      await page.evaluate(`(${applyTheme})(${JSON.stringify(themes[name])})`);
      // Controls of the toolkit take over colours in the frame after.
      for (let i = 0; i < 2; i += 1) await page.evaluate('new Promise(requestAnimationFrame)');
    },
    violations: () => page.evaluate<string[]>('window.testHost.violations'),
    state: () => page.evaluate('window.testHost.state'),
    picture: async (name) => {
      // A drawing may be a quarter of a second away.
      if (takesPictures) await page.waitForTimeout(350);
      await keepPicture(name, () => page.screenshot());
    },
  };
  await page.exposeFunction('testPost', (message: unknown) => {
    posted.push(message);
    onMessage?.(message, opened);
  });
  await page.addInitScript(`(${inPage})(${JSON.stringify(state ?? null)}, ${JSON.stringify(themes[theme])})`);
  await page.goto(address);
  return opened;
}

/** JSON has neither typed arrays nor NaN. */
function encodeTyped(_key: string, value: unknown): unknown {
  if (value instanceof Float64Array)
    return { float64: Array.from(value, (item) => (Number.isFinite(item) ? item : String(item))) };
  if (value instanceof Uint32Array) return { uint32: Array.from(value) };
  if (value instanceof Uint8Array) return { uint8: Buffer.from(value).toString('base64') };
  return value;
}

const applyTheme = /* js */ `({ bodyClasses, variables }) => {
  for (const name of [...document.documentElement.style])
    if (name.startsWith('--vscode-')) document.documentElement.style.removeProperty(name);
  for (const [name, value] of Object.entries(variables)) document.documentElement.style.setProperty('--vscode-' + name, value);
  document.body.className = bodyClasses;
}`;

/** The page's side of the fake host: VS Code's three functions, and a record of what the policy has stopped. */
const inPage = /* js */ `(state, theme) => {
  const host = {
    violations: [],
    state,
    deliver(message) {
      const data = revive(message);
      host.delivered = performance.now();
      window.dispatchEvent(new MessageEvent('message', { data }));
    },
  };
  const revive = (value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(revive);
    if (Array.isArray(value.float64)) return Float64Array.from(value.float64, Number);
    if (Array.isArray(value.uint32)) return Uint32Array.from(value.uint32);
    if (typeof value.uint8 === 'string') return Uint8Array.from(atob(value.uint8), (letter) => letter.charCodeAt(0));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)]));
  };
  window.testHost = host;
  window.acquireVsCodeApi = () => ({
    postMessage: (message) => {
      if (message.type === 'ack') host.drawnAfter = performance.now() - host.delivered;
      window.testPost(message);
    },
    getState: () => host.state ?? undefined,
    setState: (next) => { host.state = next; },
  });
  document.addEventListener('securitypolicyviolation', (event) => {
    host.violations.push(event.violatedDirective + ' ' + event.blockedURI);
  });
  const observer = new MutationObserver(() => {
    if (document.body === null) return;
    observer.disconnect();
    (${applyTheme})(theme);
  });
  observer.observe(document, { childList: true, subtree: true });
}`;
