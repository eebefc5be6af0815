import type { RunPageQuestion } from '../../src/protocol/runpage.ts';
import type { RunTexts } from '../../src/protocol/charts.ts';
import { createButton, registerControls } from '../shared/controls.ts';
import { element, setText } from '../shared/dom.ts';
import { PictureBoard, type BoardOptions } from '../shared/pictures/board.ts';
import { createAbout } from './about.ts';
import { createAnswers } from './answers.ts';
import { createArtifacts } from './artifacts.ts';
import { createDetails, createStrip } from './details.ts';
import { createHeader } from './header.ts';
import type { PageState } from './state.ts';
import { createSteeringBar } from './steering.ts';
import { createTabs } from './tabs.ts';
import { createTrials } from './trials.ts';

/** What is asked about the run that is shown. */
type Question = WithoutRun<RunPageQuestion>;
type WithoutRun<T> = T extends unknown ? Omit<T, 'runId'> : never;

/** The parts of the page in their places. */
export function createParts(
  texts: RunTexts,
  options: Omit<
    Parameters<typeof createHeader>[0] & Parameters<typeof createSteeringBar>[0] & Parameters<typeof createTrials>[0],
    'texts' | 'maySteer'
  > & {
    readonly onRetry: () => void;
    readonly onAnswers: Parameters<typeof createAnswers>[0]['onChoose'];
    readonly onTab: (tab: PageState['tab']) => void;
    readonly onAsk: (question: Question) => void;
    readonly onPost: BoardOptions['post'];
    readonly step: BoardOptions['step'];
    readonly onStep: BoardOptions['onStep'];
  },
) {
  registerControls();
  const header = createHeader({ texts, ...options });
  const steering = createSteeringBar({ texts, maySteer: options.mayStop, onSteer: options.onSteer });
  const strip = createStrip(texts);
  const trials = createTrials({ texts, ...options });
  const details = createDetails(texts);
  const tabs = createTabs(texts, options.onTab);
  const { onAsk } = options;
  const spoken = element('div', { 'class': 'spoken', 'aria-live': 'polite' });
  const say = (words: string): void => setText(spoken, words);
  const images = new PictureBoard({ texts, post: options.onPost, step: options.step, onStep: options.onStep, say });
  const about = createAbout({
    texts,
    onSaveNote: (text) => onAsk({ type: 'saveNote', text }),
    onOpenConfig: () => onAsk({ type: 'openConfig' }),
  });
  const artifacts = createArtifacts({
    texts,
    onList: (folder) => onAsk({ type: 'listArtifacts', folder }),
    onRead: (path) => onAsk({ type: 'readArtifact', path }),
    onOpen: (path) => onAsk({ type: 'openArtifact', path }),
  });
  const answers = createAnswers({
    texts,
    onChoose: options.onAnswers,
    onExamples: (cell) => onAsk({ type: 'readExamples', ...cell }),
    onSay: say,
  });
  const cards = element('div', { class: 'cards', hidden: '' });
  const noticeText = element('p', { role: 'status' });
  const retry = createButton(texts.retry, { primary: true, onPress: options.onRetry });
  const notice = element('div', { class: 'notice', hidden: '' }, noticeText, retry);
  const main = element('main', {}, notice, cards, details.root);
  document.body.append(
    header.root,
    steering.root,
    tabs.root,
    strip.root,
    main,
    images.root,
    about.root,
    artifacts.root,
    trials.root,
    spoken,
  );
  const parts = { header, steering, tabs, images, about, artifacts, strip, trials, details, cards, answers };
  return { ...parts, notice, noticeText, retry, spoken };
}
