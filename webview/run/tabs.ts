import type { RunTexts } from '../../src/protocol/charts.ts';
import { element } from '../shared/dom.ts';
import type { Tab } from './state.ts';

/** The tabs below the head: arrow keys walk them, as everywhere in the editor. */
export function createTabs(
  texts: RunTexts,
  onChoose: (tab: Tab) => void,
): { readonly root: HTMLElement; draw(chosen: Tab): void } {
  const names: readonly (readonly [Tab, string])[] = [
    ['charts', texts.charts],
    ['images', texts.picturesTab],
    ['about', texts.overview],
    ['artifacts', texts.artifacts],
  ];
  const buttons = names.map(([tab, name]) => {
    const button = element('button', { type: 'button', role: 'tab' }, name);
    button.addEventListener('click', () => onChoose(tab));
    return { tab, button };
  });
  const root = element(
    'nav',
    { 'role': 'tablist', 'aria-label': texts.chooseRun },
    ...buttons.map(({ button }) => button),
  );
  root.addEventListener('keydown', (event) => {
    const at = buttons.findIndex(({ button }) => button === document.activeElement);
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = buttons[(at + step + buttons.length) % buttons.length];
    if (at === -1 || step === 0 || next === undefined) return;
    event.preventDefault();
    next.button.focus();
    onChoose(next.tab);
  });
  return {
    root,
    draw(chosen) {
      for (const { tab, button } of buttons) {
        button.setAttribute('aria-selected', String(tab === chosen));
        button.tabIndex = tab === chosen ? 0 : -1;
      }
    },
  };
}
