import { isMapping } from '../yaml/yaml.ts';

/** A file that a package index offers. */
export interface IndexFile {
  readonly name: string;
  /** Absolute. */
  readonly url: string;
  /** Lower-case hex; null when the index does not give it. */
  readonly sha256: string | null;
  /** Bytes; null when the index does not give them. */
  readonly size: number | null;
  readonly isYanked: boolean;
}

/** What to ask an index for: its new form first, which tells sizes. */
export const indexTypes = 'application/vnd.pypi.simple.v1+json, text/html;q=0.5';

/**
 * Files of a project's page of a package index: JSON (PEP 691) or HTML (PEP 503). `base` is the address that the page came from.
 * Undefined when the text is neither.
 */
export function parseSimpleIndex(text: string, contentType: string, base: string): readonly IndexFile[] | undefined {
  if (/[/+]json\b/.test(contentType)) return parseJson(text, base);
  return /<\w/.test(text) ? parseHtml(text, base) : undefined;
}

function parseJson(text: string, base: string): readonly IndexFile[] | undefined {
  let page: unknown;
  try {
    page = JSON.parse(text);
  } catch {
    // Not what its type says: the caller tells which page that was.
    return undefined;
  }
  if (!isMapping(page) || !Array.isArray(page['files'])) return undefined;
  return page['files'].flatMap((file: unknown) => {
    if (!isMapping(file) || typeof file['filename'] !== 'string' || typeof file['url'] !== 'string') return [];
    const { filename, url, hashes, size, yanked } = file;
    const sha256 = isMapping(hashes) ? hashes['sha256'] : undefined;
    return toFile({
      name: filename,
      address: url,
      base,
      sha256: typeof sha256 === 'string' ? sha256 : undefined,
      size: typeof size === 'number' ? size : null,
      isYanked: yanked !== undefined && yanked !== false,
    });
  });
}

function parseHtml(text: string, base: string): readonly IndexFile[] {
  return [...text.matchAll(/<a\b([^>]*)>([^<]*)<\/a>/gi)].flatMap(([, attributes = '', name = '']) => {
    const href = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(attributes);
    if (href === null) return [];
    const [address = '', fragment = ''] = unescapeHtml(href[1] ?? href[2] ?? '').split('#');
    return toFile({
      name: unescapeHtml(name).trim(),
      address,
      base,
      sha256: /(?:^|&)sha256=([0-9a-f]+)/i.exec(fragment)?.[1],
      size: null,
      isYanked: /\bdata-yanked\b/i.test(attributes),
    });
  });
}

function toFile({
  name,
  address,
  base,
  sha256,
  size,
  isYanked,
}: Pick<IndexFile, 'name' | 'size' | 'isYanked'> & {
  readonly address: string;
  readonly base: string;
  readonly sha256: string | undefined;
}): readonly IndexFile[] {
  if (!URL.canParse(address, base)) return [];
  const hash = sha256?.toLowerCase();
  const isHash = hash !== undefined && /^[0-9a-f]{64}$/.test(hash);
  return [{ name, url: new URL(address, base).href, sha256: isHash ? hash : null, size, isYanked }];
}

const entities: Readonly<Partial<Record<string, string>>> = {
  'amp': '&',
  'lt': '<',
  'gt': '>',
  'quot': '"',
  '#39': "'",
};

function unescapeHtml(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => entities[name] ?? whole);
}
