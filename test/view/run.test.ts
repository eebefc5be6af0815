import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunPageSession } from '../../src/core/charts/charts.ts';
import { runTexts } from '../../src/vscode/panels/texts.ts';
import { mustSkip, startBench, type Bench } from './browser.ts';
import { ended, facts, snapshotOf, testMetrics } from './runs.ts';

const texts = runTexts({ t: (message) => message });
const context = { root: '/project', runId: facts.runId };

describe.skipIf(mustSkip())('the Run chart page', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench();
  });
  afterAll(() => bench.close());

  it('draws', async () => {
    const opened = await bench.open({ page: 'run', texts, context });
    const session = new RunPageSession({ kind: 'loading', text: 'Reading', action: 'none' });
    session.showRun(snapshotOf(14));
    session.begin();
    await opened.send(session.next());
    await opened.page.waitForTimeout(700);
    await opened.page.mouse.move(300, 200);
    await opened.page.waitForTimeout(200);
    for (const theme of ['dark', 'light', 'high-contrast', 'high-contrast-light'] as const) {
      await opened.setTheme(theme);
      await opened.page.waitForTimeout(500);
      await opened.picture(`run-${theme}`);
    }
    session.showRun({ ...snapshotOf(24, ended), series: [...snapshotOf(24).series, ...testMetrics] });
    session.acknowledge(1);
    await opened.send(session.next());
    await opened.setTheme('dark');
    await opened.page.waitForTimeout(700);
    await opened.page.getByText('Details').click();
    await opened.page.waitForTimeout(700);
    await opened.picture(`run-ended-dark`);
    console.log(opened.complaints, await opened.violations(), opened.posted);
  });
});
