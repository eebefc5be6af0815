import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Workbench } from '../../scripts/vscode-host/workbench.ts';
import { createPerson, pictureFailures, type Person } from './window.ts';

// dvc.yaml as a person works with it: problems while typing, a stage run from above its name, help for what is written.
const pipeline = `stages:
  clean:
    cmd: node clean.mjs
    deps:
      - clean.mjs
      - raw.csv
    outs:
      - clean.csv
  train:
    foreach: [small, large]
    do:
      cmd: node train.mjs \${item} \${rate}
      deps:
        - clean.csv
        - train.mjs
      params:
        - rate
      outs:
        - models/\${item}.json
`;
const files = {
  'dvc.yaml': pipeline,
  'params.yaml': 'rate: 0.1\n',
  'raw.csv': 'x,y\n1,2\n',
  'clean.mjs': `import { copyFileSync } from 'node:fs';\ncopyFileSync('raw.csv', 'clean.csv');\n`,
  'train.mjs': `import { mkdirSync, writeFileSync } from 'node:fs';
const [, , size, rate] = process.argv;
mkdirSync('models', { recursive: true });
writeFileSync(\`models/\${size}.json\`, JSON.stringify({ size, rate }));
`,
};

let person: Person;
let project: string;
let window: Workbench;

beforeAll(async () => {
  person = await createPerson();
  project = path.join(person.home, 'digits');
  await mkdir(path.join(project, '.dvc'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(project, name), text);
  window = await person.open({
    opened: { folder: project },
    size: { width: 1400, height: 1000 },
    settings: { 'files.autoSave': 'off' },
  });
});

afterAll(() => person.leave());
pictureFailures(() => window);

const lens = (text: string | RegExp) => window.page.locator('.codelens-decoration').filter({ hasText: text });
/** What can be pressed in a lens: VS Code draws the words that it remembers as no links, until it has asked again. */
const link = (text: string, words: string | RegExp) => lens(text).locator('a', { hasText: words });
const explorerRow = (name: string) =>
  window.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: name });

it('shows how each stage is above its name', async () => {
  await explorerRow('dvc.yaml').dblclick();
  await lens('never run').first().waitFor();
  await lens('Run with Downstream').first().waitFor();
  await window.picture('editing-1-never-run');
});

it('runs a stage from the line above it, and shows it fresh there and in the tree', async () => {
  await link('never run', /^\s*Run\s*$/)
    .first()
    .click();
  await lens(/succeeded.*just now/)
    .first()
    .waitFor();
  await window.command('View: Toggle Panel Visibility');
  await window.picture('editing-2-succeeded');
  await window.container('MLOps');
  await window
    .rows('Pipeline')
    .filter({ hasText: /clean.*fresh/s })
    .first()
    .waitFor();
  await window.picture('editing-3-fresh');
});

it('runs one stage of a group', async () => {
  await link('Run All 2', 'Run One').click();
  await window.pick('train@large');
  await lens(/1 of 2 never run/)
    .first()
    .waitFor({ timeout: 60_000 });
  await window.command('View: Toggle Panel Visibility');
});

it('marks files that are out of date in the Explorer', async () => {
  await writeFile(path.join(project, 'raw.csv'), 'x,y\n3,4\n');
  await lens(/stale: raw.csv changed/)
    .first()
    .waitFor();
  await window.page
    .locator('.activitybar .action-item')
    .filter({ has: window.page.locator('[aria-label^="Explorer"]') })
    .first()
    .click();
  await explorerRow('clean.csv').filter({ hasText: 'S' }).waitFor();
  await window.picture('editing-4-stale');
});

it('explains what the mouse is over', async () => {
  await window.page
    .locator('.view-line')
    .filter({ hasText: '- clean.csv' })
    .first()
    .getByText('clean.csv')
    .first()
    .hover();
  await window.page.locator('.monaco-hover').filter({ hasText: 'stale' }).first().waitFor();
  await window.picture('editing-5-hover');
  await window.page.keyboard.press('Escape');
});

it('shows a mistake in the Problems panel while it is typed, and mends it by a quick fix', async () => {
  await window.page.locator('.view-line').filter({ hasText: '- raw.csv' }).first().click();
  await window.page.keyboard.press('End');
  await window.page.keyboard.type('x');
  await window.command('Problems: Focus on Problems View');
  const problem = window.page.locator('.markers-panel .monaco-list-row').filter({ hasText: 'raw.csvx' });
  await problem.first().waitFor();
  await window.picture('editing-6-problem');
  await window.page.locator('.view-line').filter({ hasText: '- raw.csvx' }).first().click();
  await window.page.keyboard.press('Control+.');
  await window.page.locator('.action-widget').getByText('Change to "raw.csv"').waitFor();
  await window.picture('editing-7-fixes');
  await window.page.keyboard.press('Enter');
  await expect.poll(() => problem.count()).toBe(0);
});

it('offers what can be written', async () => {
  await window.page.locator('.view-line').filter({ hasText: '- models/' }).first().click();
  await window.page.keyboard.press('End');
  await window.page.keyboard.press('Enter');
  await window.page.keyboard.press('Backspace');
  await window.page.keyboard.press('Control+Space');
  await window.page.locator('.suggest-widget').getByText('always_changed').first().waitFor();
  await window.picture('editing-8-keys');
});
