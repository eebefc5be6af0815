import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import { PictureBoard } from '../../shared/pictures/board.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';
import type { Tab, TabHost } from '../tab.ts';

/** More do not stand beside each other. */
const mostRuns = 12;

/** Pictures of the selected runs, side by side at one step. */
export function createTab(host: TabHost): Tab {
  const { texts } = host;
  let step = readStep(host.readState());
  const board = new PictureBoard({
    texts,
    post: host.post,
    say: host.say,
    step: () => step,
    onStep: (next) => {
      step = next;
      host.writeState({ step });
    },
  });
  const note = element('p', { class: 'dim note' });
  let known = '';
  return {
    root: element('div', { class: 'images' }, note, board.root),
    draw({ selected }) {
      const shown = selected.slice(0, mostRuns);
      const now = JSON.stringify(shown.map(({ runId, status, endTime }) => [runId, status, endTime]));
      // A run that has gone on meanwhile may have left more.
      if (now !== known) board.forget();
      known = now;
      setHidden(board.root, shown.length === 0);
      const cut = fillIn(texts.onlyFirstRuns, formatCount(shown.length), formatCount(selected.length));
      setText(note, shown.length === 0 ? texts.selectForPictures : selected.length > mostRuns ? cut : '');
      setHidden(note, note.textContent === '');
      board.draw(shown.map(({ runId, name }) => ({ runId, name })));
    },
    leave() {
      board.leave();
      known = '';
    },
    receive(message) {
      if (message.type === 'pictures' || message.type === 'picture') board.receive(message);
    },
  };
}

function readStep(state: unknown): number | null {
  const step = typeof state === 'object' && state !== null && 'step' in state ? state.step : null;
  return typeof step === 'number' && Number.isFinite(step) ? step : null;
}
