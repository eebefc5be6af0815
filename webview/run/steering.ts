import { runState, type ShownRun } from '../../src/core/charts/charts.ts';
import type { RunTexts } from '../../src/protocol/charts.ts';
import type { Steering } from '../../src/protocol/steering.ts';
import { createButton, createField, setDisabled } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';

export interface SteeringBar {
  readonly root: HTMLElement;
  /** What was asked for is done, or refused: the run may be steered again. */
  answered(runId: string): void;
  draw(run: ShownRun | undefined): void;
}

interface SteeringOptions {
  readonly texts: RunTexts;
  readonly maySteer: boolean;
  readonly onSteer: (runId: string, steering: Steering) => void;
}

/** A row of controls below the head, while the run is live. One thing is asked at a time. */
export function createSteeringBar({ texts, maySteer, onSteer }: SteeringOptions): SteeringBar {
  let run: ShownRun | undefined;
  let asked: string | undefined;
  const ask = (steering: Steering): void => {
    if (run === undefined || asked !== undefined) return;
    asked = run.facts.runId;
    drawState();
    onSteer(asked, steering);
  };
  const pause = createButton(texts.pause, {
    onPress: () => ask({ type: run?.facts.paused === true ? 'resume' : 'pause' }),
  });
  const rate = createField(texts.learningRate, { wrong: texts.wrongLearningRate, onEnter: () => setRate() });
  const setRate = (): void => {
    const value = toRate(rate.text());
    rate.setWrong(value === undefined);
    if (value !== undefined) ask({ type: 'setLearningRate', value });
  };
  const buttons = [
    pause,
    createButton(texts.setLearningRate, { onPress: setRate }),
    createButton(texts.snapshot, { onPress: () => ask({ type: 'snapshot' }) }),
    createButton(texts.stopAfterEpoch, { onPress: () => ask({ type: 'stop', when: 'epoch' }) }),
    createButton(texts.stopAtBest, { onPress: () => ask({ type: 'stop', when: 'best' }) }),
  ] as const;
  const [, set, snapshot, ...stops] = buttons;
  const drawState = (): void => {
    for (const button of buttons) setDisabled(button, asked !== undefined);
    setText(pause, run?.facts.paused === true ? texts.resume : texts.pause);
  };
  const rateGroup = element('div', { class: 'field' }, rate.root, set);
  return {
    root: element(
      'section',
      { 'class': 'steering', 'aria-label': texts.steering, 'hidden': '' },
      ...[pause, rateGroup, snapshot, element('span', { class: 'rest' }), ...stops],
    ),
    answered(runId) {
      if (asked === runId) asked = undefined;
      drawState();
    },
    draw(shown) {
      if (shown?.facts.runId !== run?.facts.runId) {
        asked = undefined;
        rate.clear();
      }
      run = shown;
      // A sweep trains nothing itself: each of its trials is steered on its own.
      const canBeSteered = shown !== undefined && runState(shown.facts) === 'running' && shown.facts.sweep === null;
      setHidden(this.root, !maySteer || !canBeSteered);
      if (shown !== undefined) rate.suggest(rateOf(shown));
      drawState();
    },
  };
}

/** A decimal comma is understood; anything but a number greater than 0 is not. */
function toRate(text: string): number | undefined {
  const value = text.trim() === '' ? NaN : Number(text.trim().replace(',', '.'));
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

/** What the last epoch was trained with, else what the config said. */
function rateOf({ series, facts }: ShownRun): string {
  const last = series.get('learning_rate')?.values.at(-1);
  if (last !== undefined && Number.isFinite(last)) return String(Number(last.toPrecision(4)));
  return facts.params.find(([name]) => name === 'training.learning_rate')?.[1] ?? '';
}
