import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import type { EngineClient } from '../../../../src/protocol/engine.ts';
import type { FlowRequest, FlowResult, FlowState } from '../../../../src/protocol/gitflow.ts';
import type { Projects } from '../../../../src/vscode/projects.ts';

type Work = (progress: unknown, token: { onCancellationRequested(): { dispose(): void } }) => Promise<unknown>;

/** What happened, in order, and what the person does: presses this button, types this name, picks the first entry. */
const editor = vi.hoisted(() => ({ seen: [] as string[], presses: '', types: '' }));

vi.mock('vscode', () => ({
  ProgressLocation: { Window: 10, Notification: 15 },
  l10n: { t: (message: string, ...values: string[]) => message.replace('{0}', values[0] ?? '{0}') },
  window: {
    async withProgress({ title }: { title: string }, work: Work) {
      editor.seen.push(`begun: ${title}`);
      const result = await work(undefined, { onCancellationRequested: () => ({ dispose: () => undefined }) });
      editor.seen.push('ended');
      return result;
    },
    showInformationMessage(message: string, ...buttons: string[]) {
      editor.seen.push(`told: ${message}`);
      return Promise.resolve(buttons.find((button) => button === editor.presses));
    },
    showWarningMessage: (message: string) => editor.seen.push(`warned: ${message}`),
    showInputBox({ title }: { title: string }) {
      editor.seen.push(`asked: ${title}`);
      return Promise.resolve(editor.types);
    },
    showQuickPick([first]: { label: string }[], { title }: { title: string }) {
      editor.seen.push(`asked: ${title}`);
      return Promise.resolve(first);
    },
  },
}));

const { createGitflowCommands } = await import('../../../../src/vscode/commands/gitflow.ts');

/** An engine whose repository has Gitflow as soon as `init` was performed. */
function createEngine(given: Given): EngineClient {
  const { initialised, features } = given;
  let isReady = initialised;
  const topics = features.map((name) => ({ type: 'feature', name, branch: `feature/${name}`, distance: null }));
  const perform = (flow: FlowRequest): Partial<FlowResult> => {
    isReady ||= flow.action === 'init';
    editor.seen.push(`performed: ${flow.action}${'note' in flow ? ` (${flow.note ?? ''})` : ''}`);
    return { summary: [`${flow.action} is done.`], warnings: [] };
  };
  const readState = (): Partial<FlowState> => ({
    initialised: isReady,
    reason: isReady ? null : 'Its prefixes are not set.',
    topics: topics as unknown as FlowState['topics'],
  });
  return {
    request: (name: string, payload: unknown) =>
      Promise.resolve(
        name === 'listConfigs'
          ? (given.configs ?? [])
          : name === 'listRuns'
            ? { runs: [] }
            : name === 'readFlow'
              ? readState()
              : name === 'planFlow' || name === 'checkFlow'
                ? { outcome: 'passed', gates: [{}] }
                : perform((payload as { flow: FlowRequest }).flow),
      ),
    onEvent: () => ({ dispose: () => undefined }),
  } as unknown as EngineClient;
}

interface Given {
  readonly configs?: readonly { readonly file: string }[];
  readonly initialised: boolean;
  readonly features: readonly string[];
  readonly presses?: string;
  readonly target?: Target;
}

const MISSING = 'told: Gitflow is not set up in this repository. Its prefixes are not set.';
const SET_UP = [MISSING, 'begun: Setting Gitflow up …', 'performed: init', 'ended', 'told: init is done.'];
const STARTED = [
  'asked: Start Feature',
  'begun: Starting feature x …',
  'performed: start',
  'ended',
  'told: start is done.',
];

beforeEach(() => Object.assign(editor, { seen: [], presses: '', types: 'x' }));

async function check(
  command: 'mlops.initialiseGitflow' | 'mlops.startFeature' | 'mlops.finishFeature',
  given: Given,
  expected: readonly string[],
): Promise<void> {
  editor.presses = given.presses ?? '';
  const commands = createGitflowCommands({ engine: createEngine(given), projects: {} as unknown as Projects });
  const failed = await commands[command](given.target ?? { kind: 'project', project: '/p' }).then(
    () => [],
    (error: unknown) => [String(error)],
  );
  expect([...editor.seen, ...failed]).toEqual(expected);
}

describe('Gitflow by the palette', () => {
  it.each<[string, Parameters<typeof check>]>([
    [
      'sets up, and shows that it works',
      ['mlops.initialiseGitflow', { initialised: false, features: [] }, SET_UP.slice(1)],
    ],
    ['starts', ['mlops.startFeature', { initialised: true, features: [] }, STARTED]],
    [
      'starts for a config',
      [
        'mlops.startFeature',
        {
          initialised: true,
          features: [],
          target: { kind: 'config', project: '/p', model: 'cnn', file: 'configs/cnn.yaml' },
        },
        STARTED.map((line) => line.replace('performed: start', 'performed: start (config configs/cnn.yaml)')),
      ],
    ],
    [
      'asks what it is for, where there is a config or an experiment',
      [
        'mlops.startFeature',
        { initialised: true, features: [], configs: [{ file: 'configs/cnn.yaml' }] },
        ['asked: What the feature is for', ...STARTED],
      ],
    ],
    [
      'asks for no name where Gitflow is missing',
      ['mlops.startFeature', { initialised: false, features: [] }, [MISSING]],
    ],
    [
      'sets up first, then starts',
      [
        'mlops.startFeature',
        { initialised: false, features: [], presses: 'Initialise Gitflow' },
        [...SET_UP, ...STARTED],
      ],
    ],
    [
      'finishes',
      [
        'mlops.finishFeature',
        { initialised: true, features: ['a'] },
        [
          'asked: Feature to finish',
          'begun: Looking at the gates of feature {1} …',
          'ended',
          'begun: Finishing feature a …',
          'performed: finish',
          'ended',
          'told: finish is done.',
        ],
      ],
    ],
    [
      'says what is missing before it looks for features',
      ['mlops.finishFeature', { initialised: false, features: [] }, [MISSING]],
    ],
    [
      'has nothing to finish',
      ['mlops.finishFeature', { initialised: true, features: [] }, ['ExpectedError: There is no feature branch.']],
    ],
  ])('%s', (_name, given) => check(...given));
});
