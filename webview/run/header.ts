import {
  fillIn,
  formatCount,
  formatDuration,
  formatValue,
  runState,
  type RunState,
  type ShownRun,
} from '../../src/core/charts/charts.ts';
import type { RunChoice, RunFacts, RunTexts, SweepFacts } from '../../src/protocol/charts.ts';
import { createButton, createDropdown, setDisabled } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import type { RunPlan, SmoothingChoice } from './plan.ts';
import { createSmoothing } from './smoothing.ts';

/** More than a list box can be used for; the trees show all. */
const mostChoices = 200;

export interface HeaderOptions {
  readonly texts: RunTexts;
  readonly mayStop: boolean;
  readonly onChoose: (runId: string) => void;
  readonly onStop: (runId: string) => void;
  readonly onOpenLog: (runId: string) => void;
  readonly onDetails: () => void;
  readonly onWhole: () => void;
  readonly onSmoothing: (choice: SmoothingChoice) => void;
}

export interface Header {
  readonly root: HTMLElement;
  /** The run goes on although the user asked to stop it: it may be asked again. */
  refuseStop(runId: string): void;
  draw(
    shown: { run: ShownRun; plan: RunPlan } | undefined,
    look: {
      runs: readonly RunChoice[];
      chosen: string;
      isZoomed: boolean;
      smoothing: SmoothingChoice;
      showsCharts: boolean;
    },
  ): void;
}

export function createHeader(options: HeaderOptions): Header {
  const { texts, mayStop, onChoose, onStop, onOpenLog, onDetails, onWhole, onSmoothing } = options;
  let facts: RunFacts | undefined;
  let asked: string | undefined;
  const act = (action: (runId: string) => void) => (): void => {
    if (facts !== undefined) action(facts.runId);
  };
  const title = element('h1', { class: 'spoken' });
  const picker = createDropdown(texts.chooseRun, onChoose);
  const state = element('span', { class: 'state' });
  const rest = element('span', { class: 'rest' });
  const smoothing = createSmoothing(texts, onSmoothing);
  const whole = createButton(texts.resetZoom, { onPress: onWhole });
  const details = createButton(texts.details, { onPress: onDetails });
  const log = createButton(texts.openLog, { onPress: act(onOpenLog) });
  const trials = createButton(texts.allTrials, {
    onPress: () => {
      const parent = facts?.parent ?? null;
      if (parent !== null) onChoose(parent);
    },
  });
  const stop = createButton(texts.stop, {
    onPress: act((runId) => {
      asked = runId;
      drawStop();
      onStop(runId);
    }),
  });
  const drawStop = (): void => {
    const isStopping = facts !== undefined && asked === facts.runId;
    setHidden(stop, !mayStop || facts === undefined || runState(facts) !== 'running');
    setDisabled(stop, isStopping);
    setText(stop, isStopping ? texts.stopping : texts.stop);
  };
  /** What has to do with charts goes with them. */
  const drawCharts = (shown: { plan: RunPlan } | undefined, isZoomed: boolean): void => {
    setHidden(smoothing.root, (shown?.plan.cards.length ?? 0) === 0);
    setHidden(whole, shown === undefined || !isZoomed);
    setHidden(details, shown === undefined);
  };
  return {
    root: element(
      'header',
      {},
      ...[title, picker.root, element('div', { class: 'about dim' }, state, rest), smoothing.root],
      ...[whole, trials, details, log, stop],
    ),
    refuseStop(runId) {
      if (asked === runId) asked = undefined;
      drawStop();
    },
    draw(shown, { runs, chosen, isZoomed, smoothing: choice, showsCharts }) {
      facts = shown?.run.facts;
      if (facts !== undefined && runState(facts) !== 'running') asked = undefined;
      setText(title, facts?.name ?? texts.chooseRun);
      picker.update(toChoices(runs, facts, chosen), chosen);
      smoothing.draw(choice);
      drawCharts(showsCharts ? shown : undefined, isZoomed);
      setHidden(log, facts === undefined);
      setHidden(trials, (facts?.parent ?? null) === null);
      drawStop();
      const words = shown === undefined ? [] : aboutWords(shown.run.facts, shown.plan, texts);
      setText(state, facts === undefined ? '' : stateWords(facts, texts));
      state.classList.toggle('bad', facts !== undefined && ['failed', 'lost'].includes(runState(facts)));
      setText(rest, words.map((word) => ` · ${word}`).join(''));
      rest.title = words.join(' · ');
    },
  };
}

/** The newest runs, and the one that is shown if it is older than those. */
function toChoices(
  runs: readonly RunChoice[],
  facts: RunFacts | undefined,
  chosen: string,
): { value: string; label: string }[] {
  const listed = runs
    .slice(0, mostChoices)
    .map(({ runId, name }) => ({ value: runId, label: name === '' ? runId : name }));
  const isListed = listed.some(({ value }) => value === chosen);
  return isListed ? listed : [{ value: chosen, label: facts?.name ?? chosen.slice(0, 8) }, ...listed];
}

function stateWords(facts: RunFacts, texts: RunTexts): string {
  const state: RunState = runState(facts);
  if (state === 'running' && facts.paused) return texts.paused;
  return state === 'failed' && facts.reason !== null ? `${texts.failed}: ${facts.reason}` : texts[state];
}

function aboutWords(facts: RunFacts, { epoch, best }: RunPlan, texts: RunTexts): string[] {
  const words: string[] = facts.sweep === null ? [] : sweepWords(facts.sweep, texts);
  if (epoch !== null)
    words.push(
      facts.epochs === null
        ? fillIn(texts.epoch, formatCount(epoch))
        : fillIn(texts.epochOf, formatCount(epoch), formatCount(facts.epochs)),
    );
  if (facts.sweep === null && facts.objective !== null && best !== undefined)
    words.push(fillIn(texts.bestOf, facts.objective.metric, formatValue(best.value), formatCount(best.step)));
  if (facts.examplesPerSecond !== null)
    words.push(fillIn(texts.throughput, formatCount(Math.round(facts.examplesPerSecond))));
  if (facts.endTime !== null)
    words.push(fillIn(texts.duration, formatDuration((facts.endTime - facts.startTime) / 1000)));
  if (facts.model !== null) words.push(facts.model);
  return words;
}

/** `3/24 trials`, `best val_loss 0.081, warm-fox` */
function sweepWords({ done, planned, trials, best, objective }: SweepFacts, texts: RunTexts): string[] {
  const count =
    done < planned
      ? fillIn(texts.trialsDone, formatCount(done), formatCount(planned))
      : fillIn(texts.trialsOf, formatCount(done));
  const { name, value } = trials.find(({ runId }) => runId === best) ?? { name: '', value: null };
  return value === null ? [count] : [count, fillIn(texts.bestTrial, objective.metric, formatValue(value), name)];
}
