import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { OpenPage } from './browser.ts';
import { themes, type ThemeName } from './themes.ts';

const file = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** All that another theme can make a fault of. */
export const byColour = ['color-contrast', 'link-in-text-block'] as const;

interface Search {
  /** A selector; default: the whole page. */
  readonly within?: string | undefined;
  /** Default: all. */
  readonly rules?: readonly string[];
}

/** What axe-core finds serious or critical: rule and elements, a line each. */
export async function findFaults(page: Page, { within, rules }: Search = {}): Promise<readonly string[]> {
  if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(await readFile(file, 'utf8'));
  const options = { resultTypes: ['violations'], ...(rules === undefined ? {} : { runOnly: rules }) };
  return page.evaluate<
    string[]
  >(/* js */ `axe.run(${within === undefined ? 'document' : JSON.stringify(within)}, ${JSON.stringify(options)})
    .then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`);
}

interface InThemes {
  /** Each picture is called so, and by its theme. */
  readonly picture: string;
  readonly within?: string;
  /** Waits until the theme is drawn, and may look at what else should be. */
  readonly settle?: (theme: ThemeName) => Promise<void>;
}

/** Changes the theme of an open page to each there is, takes a picture of each, and looks for serious faults: for all in the first one, in the others for those of colours. */
export async function checkThemes(shown: OpenPage, { picture, within, settle }: InThemes): Promise<void> {
  for (const [index, theme] of (Object.keys(themes) as ThemeName[]).entries()) {
    await shown.setTheme(theme);
    await settle?.(theme);
    await shown.picture(`${picture}-${theme}`);
    const faults = await findFaults(shown.page, { within, ...(index === 0 ? {} : { rules: byColour }) });
    expect(faults, `${picture} ${theme}`).toEqual([]);
  }
}
