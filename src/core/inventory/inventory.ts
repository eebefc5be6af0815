import { isMap, isScalar, type Node } from 'yaml';
import type { ConfigOutline, ConfigSection, DataEntry } from '../../protocol/engine.ts';
import type { StatusDocument } from '../../protocol/pipeline.ts';
import { parseConfig, stemOf } from '../config/config.ts';
import { parseYaml, type YamlFile } from '../yaml/yaml.ts';

/** Longest text of a value that a tree shows, in UTF-16 units. */
const LONGEST_VALUE = 200;

/** What a config file says, section by section with lines, and every problem that training would meet. Broken files have problems only. */
export function outlineConfig(text: string, file: string): ConfigOutline {
  const { problems } = parseConfig(text, file);
  const { value: yaml } = parseYaml(text, file);
  return { file, model: stemOf(file), sections: yaml === undefined ? [] : toSections(yaml), problems };
}

function toSections(yaml: YamlFile): readonly ConfigSection[] {
  return pairsOf(yaml.document.contents).map(([name, content]) => ({
    name,
    line: yaml.place([name], 'key').line,
    entries: isMap(content)
      ? pairsOf(content).map(([key, value]) => ({
          key,
          value: toText(value),
          line: yaml.place([name, key], 'key').line,
        }))
      : [],
  }));
}

function pairsOf(node: unknown): readonly (readonly [string, Node | null])[] {
  if (!isMap(node)) return [];
  return node.items.map((item) => [
    isScalar(item.key) ? String(item.key.value) : String(item.key),
    item.value as Node | null,
  ]);
}

function toText(node: Node | null): string {
  const value: unknown = node === null ? null : node.toJSON();
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** What tracks a path of the project, by what the pipeline says of itself. */
export interface TrackedPaths {
  /** Outs of stages and data of `.dvc` files, relative to the root with forward slashes. */
  readonly tracked: readonly string[];
  readonly modified: readonly string[];
  readonly missing: readonly string[];
}

/**
 * `outs`: paths that `dvc.lock` knows. Reasons of the kind `out` say which of them are not as they were left; outs that were never
 * made are not missing.
 */
export function toTrackedPaths(status: StatusDocument, outs: readonly string[]): TrackedPaths {
  const reasons = [...status.stages, ...status.data]
    .flatMap((item) => item.reasons)
    .filter(({ kind }) => kind === 'out');
  const tracked = [...outs, ...status.data.map(({ path }) => path.replace(/\.dvc$/, ''))].map(normalise);
  const withChange = (isMissing: boolean): string[] =>
    reasons
      .flatMap(({ path, change }) =>
        path !== undefined && (change === 'deleted') === isMissing ? [normalise(path)] : [],
      )
      .filter((path) => tracked.includes(path));
  return { tracked, modified: withChange(false), missing: withChange(true) };
}

/** State of a path: its own, that of the out it lies in, or that of the outs below it. */
export function stateOfPath(path: string, { tracked, modified, missing }: TrackedPaths): DataEntry['state'] {
  const concerns = (other: string): boolean =>
    other === path || path.startsWith(`${other}/`) || other.startsWith(`${path}/`);
  if (missing.includes(path)) return 'missing';
  if (modified.some(concerns)) return 'modified';
  return tracked.some(concerns) ? 'tracked' : null;
}

function normalise(path: string): string {
  return path.replaceAll('\\', '/').replace(/^\.\//, '').replace(/\/$/, '');
}
