import { findConfig } from '../git/git.ts';
import type { FlowRequest } from '../../protocol/gitflow.ts';
import { isVersioned, parseSettings } from './settings.ts';
import type { FlowFacts } from './facts.ts';

/** A program of AVH's hooks folder whose output replaces a value of the request. */
export interface FlowFilter {
  readonly file: string;
  readonly args: readonly string[];
  /** The request with what the program has printed. */
  readonly apply: (output: string) => FlowRequest;
}

type Tagged = Extract<FlowRequest, { action: 'start' | 'finish' }> & { readonly type: 'release' | 'hotfix' };
type Facts = Pick<FlowFacts, 'config' | 'current' | 'hooks'>;

/** The filter of the version, which comes first, or of the tag's message; undefined where there is none. */
export function findFilter(facts: Facts, request: FlowRequest, field: 'version' | 'message'): FlowFilter | undefined {
  if ((request.action !== 'start' && request.action !== 'finish') || !isVersioned(request.type)) return undefined;
  const { file, ...filter } = (field === 'version' ? ofVersion : ofMessage)(facts, request as Tagged) ?? { file: '' };
  if (!facts.hooks.names.includes(file) || !('args' in filter)) return undefined;
  return { file: `${facts.hooks.folder}/${file}`, ...filter };
}

function ofVersion(facts: Facts, request: Tagged): FlowFilter {
  const file = `filter-flow-${request.type}-${request.action}-version`;
  return { file, args: [versionOf(facts, request)], apply: (name) => ({ ...request, name }) };
}

function ofMessage(facts: Facts, request: Tagged): FlowFilter | undefined {
  if (request.action === 'start') return undefined;
  const message = request.message ?? findConfig(facts.config, `gitflow.${request.type}.finish.message`) ?? '';
  if (message === '') return undefined;
  const { versionTag = '' } = parseSettings(facts.config);
  const args = [message, `${versionTag}${request.tagName ?? versionOf(facts, request)}`];
  const file = `filter-flow-${request.type}-finish-tag-message`;
  return { file, args, apply: (text) => ({ ...request, message: text }) };
}

function versionOf({ config, current }: Facts, request: Tagged): string {
  const { prefixes } = parseSettings(config);
  return request.name ?? current?.slice(prefixes[request.type]?.length ?? 0) ?? '';
}
