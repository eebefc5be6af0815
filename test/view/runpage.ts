import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { RunPageSession } from '../../src/core/charts/charts.ts';
import type { FromRunPage, RunChange, RunPageContext, RunSnapshot } from '../../src/protocol/charts.ts';
import { runTexts } from '../../src/vscode/panels/texts.ts';
import { startBench, type Bench, type OpenOptions, type OpenPage } from './browser.ts';
import { facts } from './runs.ts';

export const texts = runTexts({ t: (message) => message });
export const context: RunPageContext = { root: '/project', runId: facts.runId, mayStop: true };
const choices = ['warm-fox', 'deep-wren', 'shy-otter'].map((name, index) => ({
  runId: index === 0 ? facts.runId : `run${index}`,
  name,
  status: 'FINISHED' as const,
  lost: false,
  startTime: 1_780_000_000_000 - index,
}));

/** The extension's half, in short: answers `ready`, `ack` and `resync` as the panel does. */
export interface RunPage extends OpenPage {
  readonly session: RunPageSession;
  show(snapshot: RunSnapshot): Promise<void>;
  change(change: RunChange): Promise<void>;
  posts(type: FromRunPage['type']): readonly FromRunPage[];
  /** Waits until everything has been drawn. */
  settled(): Promise<void>;
}

async function openRunPage(bench: Bench, options: Partial<OpenOptions> = {}): Promise<RunPage> {
  const session = new RunPageSession({ kind: 'loading', text: texts.loading, action: 'none' });
  const flush = async (to: OpenPage): Promise<void> => {
    const message = session.next();
    if (message !== undefined) await to.send(message);
  };
  const page = await bench.open({
    page: 'run',
    texts,
    context,
    ...options,
    onMessage: (raw, to) => {
      const message = raw as FromRunPage;
      if (message.type === 'ready' || message.type === 'resync') session.begin();
      if (message.type === 'ack') session.acknowledge(message.sequence);
      void flush(to);
    },
  });
  const shown: RunPage = {
    ...page,
    session,
    show: async (snapshot) => {
      session.showRun(snapshot);
      session.showRuns(choices);
      await flush(page);
      await shown.settled();
    },
    change: async (change) => {
      session.change(change);
      await flush(page);
    },
    posts: (type) => (page.posted as FromRunPage[]).filter((message) => message.type === type),
    settled: async () => {
      await expect.poll(() => session.isWaiting, { timeout: 20_000 }).toBe(false);
    },
  };
  return shown;
}

/** Call it in a suite: gives what opens pages; each is checked for complaints and closed after its test. */
export function useRunPages(): {
  readonly open: (options?: Partial<OpenOptions>) => Promise<RunPage>;
  readonly bundle: (name: string) => Promise<string>;
} {
  let bench: Bench;
  const opened: RunPage[] = [];
  beforeAll(async () => {
    bench = await startBench();
  });
  afterEach(async () => {
    for (const { page, violations, complaints } of opened.splice(0)) {
      expect(await violations()).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    }
  });
  afterAll(() => bench.close());
  return {
    async open(options = {}) {
      const shown = await openRunPage(bench, options);
      opened.push(shown);
      return shown;
    },
    bundle: (name) => bench.bundle(name),
  };
}
