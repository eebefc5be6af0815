import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Prediction } from '../../../../src/protocol/training.ts';
import { answers, forget, told } from '../editor.ts';
import { settle } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { registerPredictPanels } = await import('../../../../src/vscode/panels/predictImage.ts');

const prediction: Prediction = { image: '/i/7.png', label: '7', probabilities: { 7: 1 } };

describe('the Predict panel', () => {
  const log = { warn: vi.fn(), error: vi.fn() };
  const unhandled: unknown[] = [];
  beforeEach(() => {
    forget();
    vi.clearAllMocks();
    unhandled.length = 0;
  });

  function show(images: readonly string[]) {
    const answer = Promise.withResolvers<readonly Prediction[]>();
    const feed = { predict: vi.fn(() => answer.promise) };
    const options = { extensionUri: {}, feed, log } as unknown as Parameters<typeof registerPredictPanels>[0];
    const panels = registerPredictPanels(options);
    panels.show('/p', 'cnn', images);
    const [panel] = told.panels;
    if (panel === undefined) throw new Error('No panel was made.');
    panel.ready();
    return { panels, panel, feed, answer };
  }
  /** What is rejected and handled by nobody shows only after the promises have settled and the loop has turned once. */
  const hearUnhandled = async (act: () => Promise<void>): Promise<readonly unknown[]> => {
    const hear = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', hear);
    await act();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', hear);
    return unhandled;
  };

  it('shows what the model says', async () => {
    const { panel, answer } = show(['/i/7.png']);
    answer.resolve([prediction]);
    await settle();
    expect(panel.sent.map(({ type }) => type)).toEqual(['notice', 'predictions']);
  });

  it('is silent when it was closed while the model looked', async () => {
    const { panel, answer } = show(['/i/7.png']);
    const errors = await hearUnhandled(async () => {
      panel.dispose();
      answer.resolve([prediction]);
      await settle();
    });
    expect(errors).toEqual([]);
    expect(panel.sent).toHaveLength(1);
  });

  it('is silent when it was closed while images were being chosen', async () => {
    const chosen = Promise.withResolvers<readonly { fsPath: string }[]>();
    answers.chosenFiles = chosen.promise;
    const { panel, feed } = show([]);
    panel.post({ type: 'chooseImages' });
    const errors = await hearUnhandled(async () => {
      panel.dispose();
      chosen.resolve([{ fsPath: '/i/7.png' }]);
      await settle();
    });
    expect(errors).toEqual([]);
    expect(feed.predict).not.toHaveBeenCalled();
  });

  it('opens anew after it was closed', () => {
    const { panels, panel } = show([]);
    panel.dispose();
    panels.show('/p', 'cnn');
    expect(told.panels).toHaveLength(2);
  });
});
