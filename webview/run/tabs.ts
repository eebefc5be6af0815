import type { RunTexts } from '../../src/protocol/charts.ts';
import { createChoices } from '../shared/choices.ts';
import type { Tab } from './state.ts';

/** The tabs below the head. */
export function createTabs(texts: RunTexts, onChoose: (tab: Tab) => void): ReturnType<typeof createChoices<Tab>> {
  return createChoices({
    ...{ role: 'tab', tag: 'nav', label: texts.chooseRun, onChoose },
    choices: [
      { name: 'charts', text: texts.charts },
      { name: 'images', text: texts.picturesTab },
      { name: 'about', text: texts.overview },
      { name: 'artifacts', text: texts.artifacts },
    ],
  });
}
