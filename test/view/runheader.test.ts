import { describe, expect, it } from 'vitest';
import {
  chartProtocolVersion,
  type RunPageContext,
  type Steered,
  type StopRefused,
} from '../../src/protocol/charts.ts';
import { mustSkip } from './browser.ts';
import { context, texts, useRunPages, type RunPage } from './runpage.ts';
import { ended, facts, snapshotOf } from './runs.ts';
import { themes, type ThemeName } from './themes.ts';

describe.skipIf(mustSkip())('the head of the Run chart page', () => {
  const { open } = useRunPages();

  it('posts what its buttons ask for', async () => {
    const shown = await open();
    await shown.show(snapshotOf(3));
    const { page } = shown;
    await page.getByText(texts.stop, { exact: true }).click();
    await page.getByText(texts.openLog).click();
    await expect.poll(() => shown.posts('stopRun')).toEqual([{ type: 'stopRun', runId: facts.runId }]);
    await expect.poll(() => shown.posts('openLog')).toEqual([{ type: 'openLog', runId: facts.runId }]);
    expect(await page.getByText(texts.stopping).isVisible()).toBe(true);
    await page.locator('header > vscode-dropdown').click();
    await shown.picture('run-picker');
    await page.locator('vscode-option', { hasText: 'deep-wren' }).click();
    await expect.poll(() => shown.posts('setRun')).toEqual([{ type: 'setRun', runId: 'run1' }]);
    expect(await shown.state()).toMatchObject({ root: '/project', runId: 'run1' });
    await shown.show({ ...snapshotOf(24, { ...ended, runId: 'run1', name: 'deep-wren' }) });
    expect(await page.locator('h1').textContent()).toBe('deep-wren');
    expect(await page.getByText(texts.stop, { exact: true }).isVisible()).toBe(false);
  });

  it('names the run that is drawn, also when newer ones are listed only then', async () => {
    const shown = await open();
    const older = snapshotOf(3, { ...ended, runId: 'run1', name: 'deep-wren' });
    shown.session.showRun(older);
    await shown.send(shown.session.next());
    await shown.settled();
    await shown.show(older);
    const named = (): Promise<unknown> =>
      shown.page
        .locator('header > vscode-dropdown')
        .evaluate((element) => (element as { displayValue?: unknown }).displayValue);
    await expect.poll(named).toBe('deep-wren');
    // The control takes its new options in after this turn of the page, and must not change its mind.
    await shown.page.waitForTimeout(300);
    expect(await named()).toBe('deep-wren');
    expect(shown.posts('setRun')).toEqual([]);
  });

  it('offers to stop again when the extension could not', async () => {
    const shown = await open();
    await shown.show(snapshotOf(3));
    const stop = shown.page.locator('header vscode-button').last();
    const look = async (): Promise<unknown> => [await stop.textContent(), await stop.getAttribute('disabled')];
    await stop.click();
    expect(await look()).toEqual([texts.stopping, '']);
    const refusal: StopRefused = { protocol: chartProtocolVersion, type: 'stopRefused', runId: 'another' };
    await shown.send(refusal);
    expect(await look()).toEqual([texts.stopping, '']);
    await shown.send({ ...refusal, runId: facts.runId });
    expect(await look()).toEqual([texts.stop, null]);
    await stop.click();
    await expect.poll(() => shown.posts('stopRun').length).toBe(2);
    expect(shown.posts('resync')).toEqual([]);
  });

  describe('the row that steers', () => {
    const steered: Steered = { protocol: chartProtocolVersion, type: 'steered', runId: facts.runId };
    const button = ({ page }: RunPage, text: string) => page.locator('.steering vscode-button', { hasText: text });

    it('asks for one thing at a time, and again when that was answered', async () => {
      const shown = await open();
      await shown.show(snapshotOf(3));
      const wishes: [string, object][] = [
        [texts.pause, { type: 'pause' }],
        [texts.snapshot, { type: 'snapshot' }],
        [texts.stopAfterEpoch, { type: 'stop', when: 'epoch' }],
        [texts.stopAtBest, { type: 'stop', when: 'best' }],
      ];
      for (const [index, [text, steering]] of wishes.entries()) {
        await button(shown, text).click();
        await expect.poll(() => shown.posts('steerRun').length).toBe(index + 1);
        expect(shown.posts('steerRun').at(-1)).toEqual({ type: 'steerRun', runId: facts.runId, steering });
        const states = await shown.page
          .locator('.steering vscode-button')
          .evaluateAll((all) =>
            all.map((one) => (one as { hasAttribute(name: string): boolean }).hasAttribute('disabled')),
          );
        expect(states).toEqual([true, true, true, true, true]);
        await shown.send({ ...steered, runId: 'another' });
        await shown.send(steered);
        await expect.poll(() => button(shown, text).getAttribute('disabled')).toBe(null);
      }
      await shown.picture('run-steering');
    });

    it('is worked by the keyboard alone', async () => {
      const shown = await open();
      await shown.show(snapshotOf(3));
      const { page } = shown;
      await button(shown, texts.pause).focus();
      await page.keyboard.press('Space');
      await expect.poll(() => shown.posts('steerRun')).toMatchObject([{ steering: { type: 'pause' } }]);
      await shown.send(steered);
      await expect.poll(() => button(shown, texts.pause).getAttribute('disabled')).toBe(null);
      await page.keyboard.press('Tab');
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type('0,0005');
      await page.keyboard.press('Enter');
      await expect
        .poll(() => shown.posts('steerRun').at(-1))
        .toMatchObject({ steering: { type: 'setLearningRate', value: 0.0005 } });
    });

    it('shows the learning rate of now, until another is written', async () => {
      const shown = await open();
      await shown.show(snapshotOf(3));
      const rate = shown.page.getByRole('textbox', { name: texts.learningRate });
      expect(await rate.inputValue()).toBe('0.001');
      const rateAt = (value: number) => ({
        events: [],
        series: [{ name: 'learning_rate', from: 0, steps: Float64Array.of(1), values: Float64Array.of(value) }],
      });
      await shown.change(rateAt(0.25));
      await expect.poll(() => rate.inputValue()).toBe('0.25');
      await rate.fill('0.125');
      await shown.change(rateAt(0.5));
      await shown.settled();
      expect(await rate.inputValue()).toBe('0.125');
    });

    it.each(['fast', '-1', '0', ' '])('does not ask for a learning rate of "%s", and says so', async (text) => {
      const shown = await open();
      await shown.show(snapshotOf(3));
      const rate = shown.page.getByRole('textbox', { name: texts.learningRate });
      await rate.fill(text);
      await button(shown, texts.setLearningRate).click();
      expect([await rate.getAttribute('aria-invalid'), await rate.getAttribute('title')]).toEqual([
        'true',
        texts.wrongLearningRate,
      ]);
      await rate.fill('0.5');
      expect(await rate.getAttribute('aria-invalid')).toBe('false');
      expect(shown.posts('steerRun')).toEqual([]);
    });

    it('lets a paused run go on, and says in words that it is paused', async () => {
      const shown = await open();
      await shown.show(snapshotOf(3));
      expect(await shown.page.locator('header .state').textContent()).toBe(texts.running);
      await shown.change({ series: [], events: [], run: { ...facts, paused: true } });
      await expect.poll(() => shown.page.locator('header .state').textContent()).toBe(texts.paused);
      await shown.picture('run-paused');
      await button(shown, texts.resume).click();
      await expect.poll(() => shown.posts('steerRun')).toMatchObject([{ steering: { type: 'resume' } }]);
      await shown.change({ series: [], events: [], run: facts });
      await expect.poll(() => button(shown, texts.pause).isVisible()).toBe(true);
    });

    it('is gone when the run has ended', async () => {
      const shown = await open();
      await shown.show(snapshotOf(3));
      expect(await shown.page.locator('.steering').isVisible()).toBe(true);
      await shown.show(snapshotOf(24, ended));
      expect(await shown.page.locator('.steering').isVisible()).toBe(false);
    });
  });

  it('does not offer to stop or steer what it may not', async () => {
    const shown = await open({ context: { ...context, mayStop: false } satisfies RunPageContext });
    await shown.show(snapshotOf(3));
    expect(await shown.page.locator('.steering').isVisible()).toBe(false);
    expect(await shown.page.getByText(texts.openLog).isVisible()).toBe(true);
    expect(await shown.page.getByText(texts.stop, { exact: true }).isVisible()).toBe(false);
  });

  it('keeps its buttons quiet in every theme, also when it changes', async () => {
    const shown = await open();
    await shown.show(snapshotOf(3));
    for (const theme of Object.keys(themes) as ThemeName[]) {
      await shown.setTheme(theme);
      const { variables } = themes[theme];
      const border = variables['contrastBorder'] ?? variables['button-secondaryBorder'] ?? variables['widget-border'];
      const [drawn, expected] = await shown.page.evaluate<[string[], string[]]>(/* js */ `(() => {
      const button = document.querySelector('header vscode-button');
      const { backgroundColor, color, borderWidth } = getComputedStyle(button);
      const edge = getComputedStyle(button.shadowRoot.querySelector('.control')).borderColor;
      const probe = document.body.appendChild(document.createElement('span'));
      const resolve = (value) => {
        probe.style.color = value;
        return getComputedStyle(probe).color;
      };
      const wanted = ['var(--vscode-button-secondaryBackground)', 'var(--vscode-button-secondaryForeground)', '${border}'];
      return [[backgroundColor, color, edge, borderWidth], [...wanted.map(resolve), '0px']];
    })()`);
      expect(drawn, theme).toEqual(expected);
    }
  });
});
