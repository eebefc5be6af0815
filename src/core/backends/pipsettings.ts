/** What of pip's settings matters for a download of ours. */
export interface PipSettings {
  /** Address of the index, without a slash at its end. */
  readonly index: string;
  /** File of certificates that pip trusts; null for the usual ones. */
  readonly certificates: string | null;
}

/** The index that pip itself uses where no setting names another. */
const publicIndex = 'https://pypi.org/simple';

/** Sections of pip's settings that speak for a download, the strongest first. */
const sections = [':env:', 'download', 'install', 'global'];

/** `listing` is what `pip config list` prints, one `section.key='value'` a line; `env` goes before it, as in pip. */
export function parsePipSettings(listing: string, env: Readonly<Partial<Record<string, string>>>): PipSettings {
  const values = new Map(
    listing.split(/\r?\n/).flatMap((line) => {
      const match = /^(\S+?)\.([\w-]+)=(['"])(.*)\3$/.exec(line.trim());
      const [, section, key, , value] = match ?? [];
      return section === undefined || key === undefined || value === undefined
        ? []
        : [[`${section}.${key}`, value] as const];
    }),
  );
  const find = (key: string, variable: string): string | undefined =>
    [env[variable], ...sections.map((section) => values.get(`${section}.${key}`))].find(
      (value) => value !== undefined && value !== '',
    );
  return {
    index: (find('index-url', 'PIP_INDEX_URL') ?? publicIndex).replace(/\/+$/, ''),
    certificates: find('cert', 'PIP_CERT') ?? null,
  };
}
