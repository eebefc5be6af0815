import type { FlowTopic, TopicType } from '../../protocol/gitflow.ts';
import type { Branch, ConfigEntry } from '../git/git.ts';
import { compareNaturally } from '../names/names.ts';
import { findTopicBase, topicTypeNames, topicTypes, type FlowSettings } from './settings.ts';

/** A topic as its branch alone tells it. */
export type FoundTopic = Pick<FlowTopic, 'type' | 'name' | 'branch' | 'base' | 'commit'>;

/** Local branches with a type's prefix, ordered by type and name, numbers by their value. */
export function findTopics(
  settings: FlowSettings,
  config: readonly ConfigEntry[],
  branches: readonly Branch[],
): readonly FoundTopic[] {
  const found = branches
    .filter(({ remote, name }) => !remote && name !== settings.production && name !== settings.develop)
    .flatMap(({ name: branch, commit }) => {
      const base = findTopicBase(config, branch);
      const type = findType(settings, branch, base !== undefined);
      if (type === undefined) return [];
      const { home } = topicTypes[type];
      const name = branch.slice(settings.prefixes[type]?.length ?? 0);
      return [{ type, name, branch, commit, base: base ?? (home === null ? null : (settings[home] ?? null)) }];
    });
  return topicTypeNames.flatMap((type) =>
    found.filter((topic) => topic.type === type).sort((a, b) => compareNaturally(a.name, b.name)),
  );
}

/** The type with the longest fitting prefix. An empty prefix fits only a branch whose base was written down. */
function findType(settings: FlowSettings, branch: string, hasBase: boolean): TopicType | undefined {
  const fitting = topicTypeNames.flatMap((type) => {
    const prefix = settings.prefixes[type];
    const fits = prefix !== undefined && branch.startsWith(prefix) && branch !== prefix && (prefix !== '' || hasBase);
    return fits ? [{ type, length: prefix.length }] : [];
  });
  return fitting.sort((a, b) => b.length - a.length)[0]?.type;
}
