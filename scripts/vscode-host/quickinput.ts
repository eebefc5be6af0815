import type { Page } from 'playwright-core';

/** The palette and the questions that VS Code asks at the top of its window. */
export interface QuickInput {
  /** Runs a command by its title, as "MLOps: New Project", from the palette. */
  command(title: string): Promise<void>;
  /** Whether the palette offers this command. */
  offers(title: string): Promise<boolean>;
  /** Waits for a question (quick pick or input box) with a title that begins so. */
  titled(title: string): Promise<void>;
  /** Picks the row with this text in the open quick pick. */
  pick(text: string | RegExp): Promise<void>;
  /** Types into the open input box and accepts it. */
  answer(text: string): Promise<void>;
  /** Accepts what the open input proposes. */
  accept(): Promise<void>;
}

const WIDGET = '.quick-input-widget:visible';
const ROW = `${WIDGET} .quick-input-list .monaco-list-row`;
const PALETTE_MS = 2000;
const PALETTE_ATTEMPTS = 20;

export function createQuickInput(page: Page): QuickInput {
  const input = page.locator(`${WIDGET} input.input`);
  const find = async (title: string): Promise<boolean> => {
    await page.keyboard.press('F1');
    await input.waitFor();
    await input.fill(`>${title}`);
    return rowOf(title)
      .waitFor({ timeout: PALETTE_MS })
      .then(
        () => true,
        () => false,
      );
  };
  const rowOf = (title: string): ReturnType<Page['locator']> =>
    page.locator(`${ROW}[aria-label="${title}"], ${ROW}[aria-label^="${title},"]`).first();
  return {
    async command(title) {
      // The palette does not take in commands of extensions that arrive while it is open: it is opened anew until one is there.
      for (let attempt = 1; !(await find(title)); attempt++) {
        await page.keyboard.press('Escape');
        if (attempt === PALETTE_ATTEMPTS) throw new Error(`The palette has no command "${title}".`);
      }
      await rowOf(title).click();
    },
    async offers(title) {
      const found = await find(title);
      await page.keyboard.press('Escape');
      return found;
    },
    titled: (title) => page.locator(`${WIDGET} .quick-input-title`, { hasText: title }).waitFor(),
    pick: (text) => page.locator(ROW).filter({ hasText: text }).first().click(),
    async answer(text) {
      await input.fill(text);
      await page.keyboard.press('Enter');
    },
    accept: () => page.keyboard.press('Enter'),
  };
}
