// What `code` (beside this file) runs: takes the arguments that @vscode/test-electron passes to VS Code, opens the workbench of
// code-server in a headless browser and executes the tests in its extension host. Exit code 0 only when they were seen to pass.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { format, parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { chromiumMissing, ensureChromium, openBrowser } from './browser.ts';
import { addDevelopment, workbenchUrl, type Opened } from './development.ts';
import { ensureCodeServer } from './install.ts';
import { followFile } from './follow.ts';
import { startServer } from './server.ts';

/** No suite takes longer; a hang must end by itself. */
const LIMIT_MS = 600_000;
/** Lines of the workbench's console that say nothing about a failure. */
const HARMLESS = /Ignoring fetching|Creating a socket|connection token|Canceled|vsda/;

interface Outcome {
  readonly code: number;
  /** Why, when the tests themselves can't have said it. */
  readonly reason?: string;
}

const options = parseCommandLine(process.argv.slice(2));
const home = await mkdtemp(path.join(tmpdir(), 'mlops-code-'));
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    ending.abort();
  });
try {
  process.exitCode = await runTests();
} finally {
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
}

async function runTests(): Promise<number> {
  if ((await ensureChromium()) === undefined) throw new Error(chromiumMissing);
  const output = path.join(home, 'output.log');
  const result = path.join(home, 'result.json');
  await writeFile(output, '');
  const server = await startServer({
    codeServer: await ensureCodeServer(),
    home,
    trustEverything: options.trustEverything,
    env: { MLOPS_HOST_TESTS: options.tests, MLOPS_HOST_OUTPUT: output, MLOPS_HOST_RESULT: result },
  });
  const browser = await openBrowser();
  const printed = followFile(output, (text) => process.stdout.write(text));
  try {
    const log: string[] = [];
    const { outcome } = await listenForOutcome(browser.page, result, log);
    await addDevelopment(browser.page, server.authority, {
      extensions: options.development,
      tests: path.join(import.meta.dirname, 'inside.cjs'),
    });
    await browser.page.goto(workbenchUrl(server.origin, options.opened), { waitUntil: 'domcontentloaded' });
    const ended = server.ended.then((code) => ({
      code: 1,
      reason: `VS Code's server ended (${code ?? 'by a signal'}).`,
    }));
    const { code, reason } = await Promise.race([outcome, ended]);
    await printed.stop();
    if (reason !== undefined) console.error([reason, ...log.slice(-12), server.tail()].join('\n'));
    return code;
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** The workbench calls these two functions of its page, as it does under VS Code's own automation. */
async function listenForOutcome(page: Page, result: string, log: string[]): Promise<{ outcome: Promise<Outcome> }> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const ended = async (code: number): Promise<void> => {
    const text = await readFile(result, 'utf8').catch(() => undefined);
    // A host that dies is reported with exit code 0: only the file that the runner writes at its end proves that it got there.
    if (text === undefined) resolve({ code: 1, reason: 'The extension host ended before the tests did.' });
    else resolve({ code: (JSON.parse(text) as { ok: boolean }).ok && code === 0 ? 0 : 1 });
  };
  await page.exposeFunction('codeAutomationExit', ended);
  await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
    const line = format(...args);
    if (!HARMLESS.test(line)) log.push(`[${type}] ${line.slice(0, 400)}`);
  });
  page.on('crash', () => {
    resolve({ code: 1, reason: 'The page of the workbench crashed.' });
  });
  page.on('close', () => {
    resolve({ code: 1, reason: 'The browser was closed.' });
  });
  ending.signal.addEventListener('abort', () => {
    resolve({ code: 130, reason: 'Stopped.' });
  });
  const timer = setTimeout(() => {
    resolve({ code: 1, reason: `The tests did not end within ${LIMIT_MS / 60_000} minutes.` });
  }, LIMIT_MS);
  return {
    outcome: promise.finally(() => {
      clearTimeout(timer);
    }),
  };
}

interface CommandLine {
  readonly development: readonly string[];
  readonly tests: string;
  readonly trustEverything: boolean;
  readonly opened: Opened;
}

/** Of VS Code's many flags, those that mean something here. The profile is always a new one, so that no run sees an earlier one's state. */
function parseCommandLine(argv: string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: argv,
    strict: false,
    allowPositionals: true,
    options: {
      'extensionDevelopmentPath': { type: 'string', multiple: true },
      'extensionTestsPath': { type: 'string' },
      'disable-workspace-trust': { type: 'boolean' },
    },
  });
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? path.resolve(value) : undefined;
  };
  const tests = text('extensionTestsPath');
  if (tests === undefined) throw new Error('This stand-in for VS Code only runs tests (--extensionTestsPath).');
  const development = values.extensionDevelopmentPath;
  const target = positionals.map((each) => path.resolve(each)).at(-1);
  return {
    development: Array.isArray(development) ? development.map(String) : [],
    tests,
    trustEverything: values['disable-workspace-trust'] === true,
    opened:
      target === undefined
        ? { empty: true }
        : target.endsWith('.code-workspace')
          ? { workspace: target }
          : { folder: target },
  };
}
