import { findConfig, type ConfigEntry } from '../git/git.ts';

// Where on a host's pages a pull request is opened, told from the remote's address alone: no token is needed for that.

type HostKind = 'github' | 'gitlab' | 'bitbucket' | 'bitbucket-server' | 'azure' | 'gitea';

/** A repository on a host that has pull requests (GitLab calls them merge requests). */
export interface HostedRepository {
  readonly kind: HostKind;
  /** Start of every page's address, without a slash at the end: `https://git.example.org:8443`. */
  readonly web: string;
  /** Without a slash at either end and without ".git", decoded: `group/subgroup/project`. */
  readonly path: string;
}

/** What a pull request is opened with. */
export interface PullRequestDraft {
  readonly branch: string;
  readonly into: string;
  readonly title: string;
  readonly body: string;
}

/** A remote's address taken apart. */
interface Address {
  readonly protocol: 'http' | 'https' | 'ssh';
  /** In lower case, without user and port. */
  readonly host: string;
  readonly port: string;
  /** Without a slash at its beginning, decoded. */
  readonly path: string;
}

/** Browsers and servers take addresses of some 8,000 characters; what is longer would open no page at all. */
const MAX_ADDRESS = 6000;

/**
 * The host of a remote; undefined where none is known: a folder, an address that is none, or a server whose name tells nothing and
 * of which no setting tells (`mlops.host.<name>.kind`, and `mlops.host.<name>.web` where its pages have another address).
 */
export function findHost(config: readonly ConfigEntry[], remote: string): HostedRepository | undefined {
  const url = findRemoteUrl(config, remote);
  const address = url === undefined ? undefined : parseAddress(url);
  if (address === undefined) return undefined;
  const setting = (key: string): string | undefined => findConfig(config, `mlops.host.${address.host}.${key}`);
  const named = setting('kind');
  const kind = isHostKind(named) ? named : guessKind(address.host);
  if (kind === undefined) return undefined;
  const own = setting('web');
  const web = own !== undefined && isWebAddress(own) ? own.replace(/\/+$/, '') : toWeb(address, kind);
  const path = toPath(address, kind);
  return path === undefined ? undefined : { kind, web, path };
}

/** Name of the remote's host, by which a setting may say what it is. */
export function findHostName(config: readonly ConfigEntry[], remote: string): string | undefined {
  const url = findRemoteUrl(config, remote);
  return url === undefined ? undefined : parseAddress(url)?.host;
}

/** Page on which the pull request is opened, its title and text filled in; what does not fit into an address is cut. */
export function toComparePage(host: HostedRepository, draft: PullRequestDraft): string {
  const full = pages[host.kind](host, draft);
  if (full.length <= MAX_ADDRESS) return full;
  const bare = pages[host.kind](host, { ...draft, body: '' });
  const room = Math.max(0, MAX_ADDRESS - bare.length);
  return pages[host.kind](host, { ...draft, body: cutTo(draft.body, room) });
}

/** Whole lines only, as many as fit when they are encoded. */
function cutTo(body: string, room: number): string {
  const lines = body.split('\n');
  while (lines.length > 0 && encodeURIComponent([...lines, '…'].join('\n')).length > room) lines.pop();
  return lines.length === 0 ? '' : [...lines, '…'].join('\n');
}

const pages: Readonly<Record<HostKind, (host: HostedRepository, draft: PullRequestDraft) => string>> = {
  'github': ({ web, path }, { branch, into, title, body }) =>
    `${web}/${encodePath(path)}/compare/${encodeBranch(into)}...${encodeBranch(branch)}?${query({ expand: '1', title, body })}`,
  'gitea': ({ web, path }, { branch, into, title, body }) =>
    `${web}/${encodePath(path)}/compare/${encodeBranch(into)}...${encodeBranch(branch)}?${query({ expand: '1', title, body })}`,
  'gitlab': ({ web, path }, { branch, into, title, body }) =>
    `${web}/${encodePath(path)}/-/merge_requests/new?${query({
      'merge_request[source_branch]': branch,
      'merge_request[target_branch]': into,
      'merge_request[title]': title,
      'merge_request[description]': body,
    })}`,
  'bitbucket': ({ web, path }, { branch, into, title, body }) =>
    `${web}/${encodePath(path)}/pull-requests/new?${query({ source: branch, dest: into, title, description: body })}`,
  'bitbucket-server': ({ web, path }, { branch, into, title, body }) =>
    `${web}/${encodePath(path)}/pull-requests?create&${query({
      sourceBranch: `refs/heads/${branch}`,
      targetBranch: `refs/heads/${into}`,
      title,
      description: body,
    })}`,
  'azure': ({ web, path }, { branch, into, title, body }) =>
    `${web}/${encodePath(path)}/pullrequestcreate?${query({ sourceRef: branch, targetRef: into, title, description: body })}`,
};

/** Hosts that are known by their names, and what a self-hosted server's name tells. First match wins. */
const names: readonly (readonly [pattern: RegExp, kind: HostKind])[] = [
  [/^(?:ssh\.)?github\.com$|\.ghe\.com$/, 'github'],
  [/^(?:altssh\.)?gitlab\.com$/, 'gitlab'],
  [/^(?:altssh\.)?bitbucket\.org$/, 'bitbucket'],
  [/^(?:(?:vs-)?ssh\.)?dev\.azure\.com$|(?:^|\.)visualstudio\.com$/, 'azure'],
  [/^(?:codeberg\.org|gitea\.com)$/, 'gitea'],
  [/(?:^|[.-])github(?:[.-]|$)/, 'github'],
  [/(?:^|[.-])gitlab(?:[.-]|$)/, 'gitlab'],
  [/(?:^|[.-])(?:gitea|forgejo)(?:[.-]|$)/, 'gitea'],
  [/(?:^|[.-])(?:bitbucket|stash)(?:[.-]|$)/, 'bitbucket-server'],
];

function guessKind(host: string): HostKind | undefined {
  // A name without a dot is one of ssh's configuration, or of a network that only its people know.
  if (!host.includes('.')) return undefined;
  return names.find(([pattern]) => pattern.test(host))?.[1];
}

function isHostKind(text: string | undefined): text is HostKind {
  return text !== undefined && Object.hasOwn(pages, text);
}

/** Pages lie where the repository does, but the hosts that have a name of their own for ssh. Its port tells nothing of theirs. */
function toWeb({ protocol, host, port, path }: Address, kind: HostKind): string {
  const hosted = kind === 'azure' ? toAzureWeb(host, path) : undefined;
  if (hosted !== undefined) return hosted;
  const name = host.replace(/^(?:alt)?ssh\.(?=github\.com$|gitlab\.com$|bitbucket\.org$)/, '');
  return protocol === 'ssh' ? `https://${name}` : `${protocol}://${name}${port === '' ? '' : `:${port}`}`;
}

function toAzureWeb(host: string, path: string): string | undefined {
  if (host.endsWith('dev.azure.com')) return 'https://dev.azure.com';
  if (!host.endsWith('visualstudio.com')) return undefined;
  // Its ssh address names the organization first, its web address in the host.
  return host === 'vs-ssh.visualstudio.com'
    ? `https://${path.split('/')[1] ?? ''}.visualstudio.com`
    : `https://${host}`;
}

function toPath({ host, protocol, path }: Address, kind: HostKind): string | undefined {
  const parts = path
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .filter((part) => part !== '');
  if (parts.length < 2) return undefined;
  if (kind === 'azure') return toAzurePath(host, protocol, parts);
  if (kind !== 'bitbucket-server') return parts.join('/');
  // `scm/PROJECT/repository` over the web, `PROJECT/repository` by ssh; a person's own project begins with "~".
  const [project = '', repository = ''] = parts.slice(-2);
  const owner = project.startsWith('~') ? `users/${project.slice(1)}` : `projects/${project}`;
  const before = parts.slice(0, -2).filter((part) => part !== 'scm');
  return [...before, owner, 'repos', repository].join('/');
}

function toAzurePath(host: string, protocol: Address['protocol'], parts: readonly string[]): string | undefined {
  const isHosted = /(?:^|\.)(?:dev\.azure|visualstudio)\.com$/.test(host);
  if (protocol !== 'ssh' || !isHosted)
    return parts.some((part) => part === '_git' || part === '_ssh')
      ? parts.map((part) => (part === '_ssh' ? '_git' : part)).join('/')
      : undefined;
  // v3/ORGANIZATION/PROJECT/repository, encoded in the form of scp, too.
  const [version, organization, project, repository] = parts.map(decode);
  if (version !== 'v3' || organization === undefined || project === undefined || repository === undefined)
    return undefined;
  const owner = host.endsWith('visualstudio.com') ? [] : [organization];
  return [...owner, project, '_git', repository].join('/');
}

/** The remote's address as git would use it: its last one, with the longest of `url.<base>.insteadOf` that fits. */
function findRemoteUrl(config: readonly ConfigEntry[], remote: string): string | undefined {
  const url = findConfig(config, `remote.${remote}.url`);
  if (url === undefined) return undefined;
  const [base, start] = config
    .flatMap(({ key, value }) => {
      const replacement = /^url\.(.+)\.insteadof$/s.exec(key)?.[1];
      return replacement !== undefined && value !== null && url.startsWith(value)
        ? [[replacement, value] as const]
        : [];
    })
    .sort(([, a], [, b]) => b.length - a.length)[0] ?? ['', ''];
  return base + url.slice(start.length);
}

/** `https://…`, `ssh://…`, `git://…`, or `user@host:path` as scp writes it; undefined for a folder and for all else. */
function parseAddress(url: string): Address | undefined {
  const text = url.trim();
  const [, scheme, authority, rest] = /^([a-z+]+):\/\/([^/]*)\/(.*)$/is.exec(text) ?? [];
  if (scheme !== undefined && authority !== undefined && rest !== undefined) {
    const protocol = protocols[scheme.toLowerCase()];
    // An address of IPv6 has colons of its own.
    const [, host, port = ''] = /^(?:[^@]*@)?(\[[\da-f:.]+\]|[^:]*)(?::(\d*))?$/i.exec(authority) ?? [];
    if (protocol === undefined || host === undefined || !isHostName(host)) return undefined;
    const name = host.toLowerCase();
    return { protocol, host: protocol === 'ssh' ? withoutAlias(name) : name, port, path: decode(rest) };
  }
  return parseScpAddress(text);
}

function parseScpAddress(text: string): Address | undefined {
  // A single letter before the colon is a drive.
  const [, host, path] = /^(?:[^@/\s]+@)?([^/:@\s]{2,}):(?!\/\/)\/*(.+)$/s.exec(text) ?? [];
  if (host === undefined || path === undefined || !isHostName(host)) return undefined;
  return { protocol: 'ssh', host: withoutAlias(host.toLowerCase()), port: '', path };
}

/** People with two accounts give a host a second name in ssh's configuration: `github.com-work`. */
function withoutAlias(host: string): string {
  return host.replace(
    /^((?:github|gitlab|gitea)\.com|bitbucket\.org|codeberg\.org|ssh\.dev\.azure\.com)-[\w.-]+$/,
    '$1',
  );
}

const protocols: Readonly<Partial<Record<string, Address['protocol']>>> = {
  'http': 'http',
  'https': 'https',
  'ssh': 'ssh',
  'git+ssh': 'ssh',
  'ssh+git': 'ssh',
  'git': 'ssh',
};

function isHostName(text: string): boolean {
  return /^(?:\[[\da-f:.]+\]|[a-z\d](?:[\w.-]*[a-z\d])?)$/i.test(text);
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/[a-z\d[][^\s\u0000-\u0020"'<>\\^`{|}]*$/i.test(text);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A "%" that encodes nothing stands for itself.
    return path;
  }
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/').replaceAll('%7E', '~');
}

/** Slashes stay, as the hosts write them. */
function encodeBranch(branch: string): string {
  return branch.split('/').map(encodeURIComponent).join('/');
}

function query(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .flatMap(([key, value]) => (value === '' ? [] : [`${key}=${encodeURIComponent(value)}`]))
    .join('&');
}
