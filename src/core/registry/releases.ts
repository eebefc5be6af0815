import type { ModelVersion, RegisteredModel } from '../../protocol/registry.ts';
import { compareCodePoints } from '../names/names.ts';

/** An annotated tag of git. */
export interface ReleaseTag {
  readonly name: string;
  readonly subject: string;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** True when the production branch contains it. */
  readonly isInProduction: boolean;
}

/**
 * The models that releases name: a release is an annotated tag with the trailers `Model: digits 7`, `Model-Hash: md5:…` and `Run: <id>`.
 * `champion` is the version of the newest release on the production branch. Of two releases of one version the newer one counts.
 */
export function toReleasedModels(tags: readonly ReleaseTag[]): readonly RegisteredModel[] {
  const byName = new Map<string, { readonly tag: ReleaseTag; readonly version: ModelVersion }[]>();
  for (const tag of [...tags].sort((a, b) => b.time - a.time)) {
    for (const { name, version } of parseRelease(tag)) {
      const known = byName.get(name) ?? [];
      if (!known.some((one) => one.version.version === version.version)) known.push({ tag, version });
      byName.set(name, known);
    }
  }
  return [...byName]
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([name, releases]): RegisteredModel => {
      const champion = releases.find(({ tag }) => tag.isInProduction)?.version.version;
      const times = releases.map(({ tag }) => tag.time);
      return {
        ...{ name, origin: 'git', description: null, tags: {} },
        aliases: champion === undefined ? {} : { champion },
        ...{ createdTime: Math.min(...times), updatedTime: Math.max(...times) },
        versions: releases
          .map(({ version }) => version)
          .sort((a, b) => Number(b.version) - Number(a.version) || compareCodePoints(b.version, a.version)),
      };
    });
}

/** A release may name several models; hash and run are those of the line before them. */
function parseRelease(tag: ReleaseTag): readonly { readonly name: string; readonly version: ModelVersion }[] {
  const found: { name: string; version: string; hash: string | null; runId: string | null }[] = [];
  for (const line of (
    tag.body
      .trim()
      .split(/\n[ \t]*\n/)
      .at(-1) ?? ''
  ).split('\n')) {
    const [, key = '', value = ''] = /^([\w-]+):\s*(.*?)\s*$/.exec(line) ?? [];
    const last = found.at(-1);
    const [, name, version] = /^(.+?)\s+(\d+)$/.exec(value) ?? [];
    if (key === 'Model' && name !== undefined && version !== undefined)
      found.push({ name, version, hash: null, runId: null });
    else if (key === 'Model-Hash' && last !== undefined) last.hash = value;
    else if (key === 'Run' && last !== undefined) last.runId = value;
  }
  return found.map(({ name, version, hash, runId }) => ({
    name,
    version: {
      ...{ version, runId, source: `git:${tag.name}` },
      tags: { 'git.tag': tag.name, ...(hash === null ? {} : { 'model.hash': hash }) },
      description: tag.subject === '' ? null : tag.subject,
      ...{ createdTime: tag.time, updatedTime: tag.time, stage: null, status: 'READY' },
    },
  }));
}
