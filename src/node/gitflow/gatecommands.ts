import { topicTypeNames } from '../../core/gitflow/gitflow.ts';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import type { FinishedType } from '../../protocol/gitflow.ts';
import { takePositionals, type Command, type Invocation } from '../commandline/commandline.ts';
import { checkFlow, readFlow } from './gitflow.ts';
import { formatGates } from './gateshowing.ts';
import { folderOf } from './showing.ts';

export const check: Command = {
  words: ['flow', 'check'],
  summary:
    'the gates of a finish: pipeline, data, performance, lint, tests, large files, secrets (default: of what is checked out)',
  positionals: '[TYPE] [NAME]',
  example: 'mlops flow check feature better-augmentation',
  options: {},
  run: async (invocation) => {
    const { output, env, signal } = invocation;
    const target = await toTarget(invocation, takePositionals(invocation, check));
    const note = (text: string): void => output.note(text);
    const programs = invocation.options.flag('dry-run') ? 'wait' : 'run';
    const document = await checkFlow(folderOf(invocation), target, { env, signal, note, programs });
    output.result(document, () => `${document.branch} → ${document.base}\n${formatGates(document.gates, output)}`);
    return document.outcome === 'passed' ? exitCodes.done : exitCodes.failed;
  },
};

async function toTarget(
  invocation: Invocation,
  [type, name]: readonly string[],
): Promise<{ readonly type: FinishedType; readonly name?: string }> {
  if (type !== undefined) {
    const known = topicTypeNames.find((candidate) => candidate === type);
    if (known === undefined || known === 'support')
      throw new ExpectedError(
        'bad-arguments',
        `"${type}" is no type of branch that is finished: feature, bugfix, release or hotfix.`,
      );
    return { type: known, ...(name === undefined ? {} : { name }) };
  }
  const { current, topics } = await readFlow(folderOf(invocation), invocation);
  const topic = topics.find((candidate) => candidate.current);
  if (topic === undefined || topic.type === 'support')
    throw new ExpectedError(
      'bad-arguments',
      `${current ?? 'No branch'} is checked out, which is nothing that is finished. Name the branch that you mean: mlops flow check feature NAME.`,
    );
  return { type: topic.type, name: topic.name };
}
