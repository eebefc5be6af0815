import { YAMLSeq, isSeq } from 'yaml';
import type { Parsed } from '../../protocol/problem.ts';
import { isMapping, parseYaml, type YamlFile } from '../yaml/yaml.ts';

// `stores` of `.mlops/project.yaml`, changed through the YAML document: comments, order and everything else stay.

/** The file with the stores at the end of its list, in their order; `text` undefined for a file that is not there yet. */
export function addToStores(text: string | undefined, file: string, uris: readonly string[]): Parsed<string> {
  if (text === undefined || text.trim() === '')
    return { value: `stores:\n${uris.map((uri) => `  - ${quote(uri)}\n`).join('')}`, problems: [] };
  return change(text, file, (list) => {
    for (const uri of uris) list.add(uri);
  });
}

/** The file without what stands at a place of the list (from 0). */
export function removeFromStores(text: string, file: string, index: number): Parsed<string> {
  return change(text, file, (list) => {
    list.delete(index);
  });
}

function change(text: string, file: string, edit: (list: YAMLSeq) => void): Parsed<string> {
  const { value: yaml, problems } = parseYaml(text, file);
  if (yaml === undefined) return { value: undefined, problems };
  if (yaml.value !== null && !isMapping(yaml.value))
    return { value: undefined, problems: [yaml.problemAt([], 'The settings of a project are a mapping.')] };
  edit(listOf(yaml));
  const { document } = yaml;
  const changed = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return { value: text.includes('\r\n') ? changed.replaceAll('\n', '\r\n') : changed, problems: [] };
}

/** Made where the key is missing or empty. */
function listOf({ document }: YamlFile): YAMLSeq {
  const found = document.get('stores', true);
  if (isSeq(found)) return found;
  const list = new YAMLSeq();
  document.set('stores', list);
  return list;
}

function quote(uri: string): string {
  return `'${uri.replaceAll("'", "''")}'`;
}
