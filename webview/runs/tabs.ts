import type { RunsTexts } from '../../src/protocol/runtable.ts';
import { createChoices } from '../shared/choices.ts';
import { element } from '../shared/dom.ts';
import type { Tab, TabHost } from './tab.ts';

/** A row of the tabs. */
interface TabRow {
  readonly label: keyof RunsTexts;
  /** Undefined for the table, which the page begins with. */
  readonly load?: () => Promise<{ readonly createTab: (host: TabHost) => Tab }>;
}

/**
 * The ways to look at the runs, in their order. Another one is a row here: its module is loaded when somebody looks at it for the first
 * time. Its style sheet is a line in `main.ts`, for those of modules that are loaded later are not loaded with them.
 */
const tabRows = {
  charts: { label: 'chartsTab', load: () => import('./charts/charts.ts') },
  table: { label: 'tableTab' },
  relations: { label: 'relationsTab', load: () => import('./relations/relations.ts') },
  plots: { label: 'plotsTab', load: () => import('./plots/plots.ts') },
  images: { label: 'picturesTab', load: () => import('./images/images.ts') },
} as const satisfies Readonly<Record<string, TabRow>>;

export type TabName = keyof typeof tabRows;

export const tabNames = Object.keys(tabRows) as readonly TabName[];

/** Undefined for the table. */
export function loaderOf(name: TabName): TabRow['load'] {
  return (tabRows as Readonly<Record<TabName, TabRow>>)[name].load;
}

export function isTabName(value: unknown): value is TabName {
  return typeof value === 'string' && Object.hasOwn(tabRows, value);
}

export function createTabs(
  texts: RunsTexts,
  onChoose: (tab: TabName) => void,
): ReturnType<typeof createChoices<TabName>> {
  return createChoices({
    ...{ role: 'tab', className: 'tabs', label: texts.tabs, onChoose },
    choices: tabNames.map((name) => ({
      name,
      text: texts[tabRows[name].label],
      attributes: { 'class': 'tab', 'id': `tab-${name}`, 'aria-controls': `panel-${name}` },
    })),
  });
}

/** The element that a tab's own stands in. */
export function createPanel(name: TabName, ...children: readonly HTMLElement[]): HTMLElement {
  return element(
    'div',
    { 'class': 'panel', 'id': `panel-${name}`, 'role': 'tabpanel', 'aria-labelledby': `tab-${name}` },
    ...children,
  );
}
