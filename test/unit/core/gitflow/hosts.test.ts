import { expect, test } from 'vitest';
import { findHost, toComparePage } from '../../../../src/core/gitflow/hosts.ts';
import type { ConfigEntry } from '../../../../src/core/git/git.ts';

const draft = { branch: 'feature/a#1', into: 'develop', title: 'Better & faster', body: '- one\n- two' };
const WORDS = 'title=Better%20%26%20faster';

function page(url: string, settings: Readonly<Record<string, string>> = {}): string | undefined {
  const entries = Object.entries({ 'remote.origin.url': url, ...settings });
  const config: readonly ConfigEntry[] = entries.map(([key, value]) => ({ scope: 'local', key, value }));
  const host = findHost(config, 'origin');
  return host === undefined ? undefined : toComparePage(host, draft);
}

const GITHUB = `compare/develop...feature/a%231?expand=1&${WORDS}&body=-%20one%0A-%20two`;
const GITLAB = `-/merge_requests/new?merge_request[source_branch]=feature%2Fa%231&merge_request[target_branch]=develop&merge_request[title]=Better`;
const AZURE = 'pullrequestcreate?sourceRef=feature%2Fa%231&targetRef=develop&title=Better';
const SERVER =
  'pull-requests?create&sourceBranch=refs%2Fheads%2Ffeature%2Fa%231&targetBranch=refs%2Fheads%2Fdevelop&title';

test.each<[url: string, start: string, settings?: Readonly<Record<string, string>>]>([
  ['https://github.com/lab/digits.git', `https://github.com/lab/digits/${GITHUB}`],
  ['https://user:secret@github.com/lab/digits', `https://github.com/lab/digits/${GITHUB}`],
  ['git@github.com:lab/digits.git', `https://github.com/lab/digits/${GITHUB}`],
  ['ssh://git@ssh.github.com:443/lab/digits.git', `https://github.com/lab/digits/${GITHUB}`],
  ['git@acme.ghe.com:lab/digits.git', `https://acme.ghe.com/lab/digits/${GITHUB}`],
  ['https://github.example.org:8443/lab/digits.git', `https://github.example.org:8443/lab/digits/${GITHUB}`],
  ['git@gitlab.com:lab/vision/digits.git', `https://gitlab.com/lab/vision/digits/${GITLAB}`],
  ['ssh://git@altssh.gitlab.com:443/lab/digits.git', `https://gitlab.com/lab/digits/${GITLAB}`],
  ['http://gitlab.example.org:8080/lab/digits.git', `http://gitlab.example.org:8080/lab/digits/${GITLAB}`],
  ['ssh://git@my-gitlab.example.org:2222/lab/digits.git/', `https://my-gitlab.example.org/lab/digits/${GITLAB}`],
  [
    'git@bitbucket.org:lab/digits.git',
    `https://bitbucket.org/lab/digits/pull-requests/new?source=feature%2Fa%231&dest=develop&${WORDS}&description=-`,
  ],
  [
    'https://bitbucket.example.org/scm/lab/digits.git',
    `https://bitbucket.example.org/projects/lab/repos/digits/${SERVER}`,
  ],
  ['ssh://git@stash.example.org:7999/~ada/digits.git', `https://stash.example.org/users/ada/repos/digits/${SERVER}`],
  [
    'https://bitbucket.example.org/context/scm/lab/digits.git',
    `https://bitbucket.example.org/context/projects/lab/repos/digits/${SERVER}`,
  ],
  [
    'https://lab@dev.azure.com/lab/My%20Project/_git/digits',
    `https://dev.azure.com/lab/My%20Project/_git/digits/${AZURE}`,
  ],
  ['git@ssh.dev.azure.com:v3/lab/My%20Project/digits', `https://dev.azure.com/lab/My%20Project/_git/digits/${AZURE}`],
  [
    'https://azure.example.org:8443/tfs/lab/project/_git/digits',
    `https://azure.example.org:8443/tfs/lab/project/_git/digits/${AZURE}`,
    { 'mlops.host.azure.example.org.kind': 'azure' },
  ],
  [
    'ssh://azure.example.org:22/tfs/lab/project/_ssh/digits',
    `https://azure.example.org/tfs/lab/project/_git/digits/${AZURE}`,
    { 'mlops.host.azure.example.org.kind': 'azure' },
  ],
  ['git@github.com-work:lab/digits.git', `https://github.com/lab/digits/${GITHUB}`],
  ['git@ssh.dev.azure.com:v3/lab/project/digits', `https://dev.azure.com/lab/project/_git/digits/${AZURE}`],
  ['https://lab.visualstudio.com/project/_git/digits', `https://lab.visualstudio.com/project/_git/digits/${AZURE}`],
  ['lab@vs-ssh.visualstudio.com:v3/lab/project/digits', `https://lab.visualstudio.com/project/_git/digits/${AZURE}`],
  ['https://codeberg.org/lab/digits.git', `https://codeberg.org/lab/digits/${GITHUB}`],
  ['ssh://git@forgejo.example.org:2222/lab/digits.git', `https://forgejo.example.org/lab/digits/${GITHUB}`],
  [
    'ssh://git@[2001:db8::1]:22/lab/digits.git',
    `https://[2001:db8::1]/lab/digits/${GITHUB}`,
    { 'mlops.host.[2001:db8::1].kind': 'gitea' },
  ],
  [
    'git@code.example.org:lab/digits.git',
    `https://code.example.org/lab/digits/${GITLAB}`,
    { 'mlops.host.code.example.org.kind': 'gitlab' },
  ],
  [
    'work:lab/digits.git',
    `https://code.example.org:8443/git/lab/digits/${GITHUB}`,
    { 'mlops.host.work.kind': 'gitea', 'mlops.host.work.web': 'https://code.example.org:8443/git/' },
  ],
  ['gh:lab/digits', `https://github.com/lab/digits/${GITHUB}`, { 'url.https://github.com/.insteadof': 'gh:' }],
  [
    'https://github.com/lab/digits',
    `https://mirror.gitlab.example.org/lab/digits/${GITLAB}`,
    {
      'url.https://gitea.com/.insteadof': 'https://',
      'url.https://mirror.gitlab.example.org/.insteadof': 'https://github.com/',
    },
  ],
])('%s has its page', (url, start, settings = {}) => {
  expect(page(url, settings)?.slice(0, start.length)).toBe(start);
});

test.each<[url: string, settings?: Readonly<Record<string, string>>]>([
  ['/srv/git/digits.git'],
  ['../digits'],
  ['file:///srv/git/digits.git'],
  ['C:/git/digits.git'],
  ['C:\\git\\digits.git'],
  ['https://code.example.org/lab/digits.git'],
  ['git@code.example.org:lab/digits.git', { 'mlops.host.code.example.org.kind': 'svn' }],
  ['https://github.com/digits'],
  ['git@github-work:lab/digits.git'],
  ['https://dev.azure.com/lab/digits'],
  ['ext::sh -c touch% x'],
  ['https://-oProxyCommand=x/lab/digits'],
  ['https://git hub.com/lab/digits'],
  ['git@github.com\n:lab/digits'],
  [''],
])('%j has none', (url, settings = {}) => {
  expect(page(url, settings)).toBeUndefined();
});

test('only addresses of the web are pages, whatever a setting says', () => {
  const settings = { 'mlops.host.work.kind': 'gitea', 'mlops.host.work.web': 'javascript:alert(1)//' };
  expect(page('work:lab/digits', settings)).toBe(`https://work/lab/digits/${GITHUB}`);
});

test('a text that is too long for an address is cut at a line', () => {
  const config: readonly ConfigEntry[] = [
    { scope: 'local', key: 'remote.origin.url', value: 'git@github.com:lab/d.git' },
  ];
  const body = Array.from({ length: 500 }, (_, index) => `- change ${index} of many`).join('\n');
  const address = toComparePage(findHost(config, 'origin')!, { ...draft, body });
  expect(address.length).toBeLessThanOrEqual(6000);
  expect(address.length).toBeGreaterThan(5000);
  expect(decodeURIComponent(address)).toMatch(/of many\n…$/);
});
