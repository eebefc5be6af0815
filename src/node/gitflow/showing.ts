import path from 'node:path';
import { quoteWord } from '../../core/gitflow/gitflow.ts';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import type { Distance, FlowRequest, FlowState, FlowTopic } from '../../protocol/gitflow.ts';
import type { Invocation } from '../commandline/commandline.ts';
import { formatGates } from './gateshowing.ts';
import { performFlow, planFlow, readFlow } from './gitflow.ts';

// What the commands of `mlops flow` share: carrying a request out, and showing where branches stand.

export function folderOf({ cwd, options }: Invocation): string {
  return path.resolve(cwd, options.text('project') ?? '.');
}

/** Performs the request, or with --dry-run prints its plan. */
export async function carryOut(invocation: Invocation, request: FlowRequest): Promise<number> {
  const { output, env, signal, options } = invocation;
  const folder = folderOf(invocation);
  if (options.flag('dry-run')) {
    const document = await planFlow(folder, request, { env });
    document.warnings.forEach((warning) => output.note(warning));
    if (document.gates.length > 0) output.note(`Gates:\n${formatGates(document.gates, output)}`);
    output.result(document, () => document.plan.map(({ title, command }) => command ?? `# ${title}`).join('\n'));
    return exitCodes.done;
  }
  const result = await performFlow(folder, request, {
    env,
    signal,
    reporter: { stepStarted: ({ title }) => output.note(`${title} …`), note: (text) => output.note(text) },
  });
  result.warnings.forEach((warning) => output.note(warning));
  output.result(result, () => result.summary.join('\n'));
  return exitCodes.done;
}

export async function showTopics(invocation: Invocation, isWanted: (topic: FlowTopic) => boolean): Promise<number> {
  const { output } = invocation;
  const state = await readFlow(folderOf(invocation), invocation);
  if (!state.initialised)
    throw new ExpectedError(
      'not-gitflow',
      `Gitflow is not set up in this repository. ${state.reason ?? ''} Run "mlops flow init" first.`,
    );
  const topics = state.topics.filter(isWanted);
  const waits = topics.some(({ pullRequest }) => pullRequest !== null);
  if (topics.length === 0) output.note('There are no such branches. Begin one with "mlops flow feature start NAME".');
  if (state.unfinished !== null) output.note(state.unfinished.advice);
  output.result({ topics }, () =>
    topics.length === 0
      ? ''
      : output.table({
          columns: ['', 'type', 'name', 'base', 'state', state.origin, ...(waits ? ['pull request'] : [])],
          rows: topics.map((topic) => [
            topic.current ? '*' : '',
            topic.type,
            topic.name,
            topic.base ?? '',
            describeDistance(topic.distance, 'no such base'),
            describeDistance(topic.remote, 'not published'),
            ...(waits ? [describeRequest(topic)] : []),
          ]),
        }),
  );
  return exitCodes.done;
}

function describeRequest({ type, name, pullRequest }: FlowTopic): string {
  if (pullRequest === null) return '';
  const { state, url } = pullRequest;
  return state === 'merged'
    ? `merged: mlops flow ${type} finish ${quoteWord(name)}`
    : `open${url === null ? '' : ` ${url}`}`;
}

function describeDistance(distance: Distance | null, otherwise: string): string {
  if (distance === null) return otherwise;
  const { ahead, behind } = distance;
  const parts = [...(ahead > 0 ? [`${ahead} ahead`] : []), ...(behind > 0 ? [`${behind} behind`] : [])];
  return parts.length === 0 ? 'equal' : parts.join(', ');
}

function describeStanding({ base, distance }: FlowTopic): string {
  if (base === null || distance === null) return 'without a base';
  const words = describeDistance(distance, '');
  return `${words} ${words === 'equal' ? 'to' : 'of'} ${base}`;
}

export function formatState(state: FlowState): string {
  const setUp = state.initialised
    ? `Gitflow: production ${state.production ?? ''}, development ${state.develop ?? ''}.`
    : `Gitflow is not set up. ${state.reason ?? ''} "mlops flow init" does it.`;
  const topic = state.topics.find(({ current }) => current);
  const checkedOut = state.current === null ? 'No branch is checked out.' : `Checked out: ${state.current}`;
  const standing = topic === undefined ? '' : ` (${topic.type}, ${describeStanding(topic)})`;
  return [
    setUp,
    `${checkedOut}${standing}`,
    ...(state.changed.length > 0 ? [`Files with changes that are not committed: ${state.changed.length}`] : []),
    ...(state.unfinished === null ? [] : [state.unfinished.advice]),
  ].join('\n');
}
