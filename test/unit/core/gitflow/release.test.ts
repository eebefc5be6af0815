import { describe, expect, it } from 'vitest';
import { compareVersions, parseVersion, versionFiles } from '../../../../src/core/gitflow/releasefiles.ts';
import { addRelease, findWork, suggestVersion, type FoundCommit } from '../../../../src/core/gitflow/releasenotes.ts';
import { describeStep, planFlow, type FlowFacts, type ReleaseFacts } from '../../../../src/core/gitflow/gitflow.ts';
import { isStep } from '../../../../src/core/gitflow/steps.ts';
import { AVH, toFacts } from './check.ts';

const settings = {
  production: 'main',
  prefixes: { feature: 'feature/', bugfix: 'bugfix/', release: 'release/', hotfix: 'hotfix/', support: 'support/' },
};
const commit = (subject: string, parents = 2, body = ''): FoundCommit => ({ subject, parents, body });
/** Newest first, as git tells them. */
const commits: readonly FoundCommit[] = [
  commit('Fix a typo', 1),
  commit("Merge tag '1.0.0' into develop"),
  commit("Merge branch 'bugfix/shuffled-labels' into develop"),
  commit('Merge pull request #7 from somebody/feature/more-data', 2, '\n\nMore data for sevens\n'),
  commit("Merge branch 'feature/better-augmentation' into develop"),
  commit('Version 1.0.0', 1),
  commit("Merge branch 'main' into develop"),
];
const work = findWork(commits, settings);

it('work is told from merges and commits, oldest first', () => {
  expect(work.map(({ type, title }) => [type, title])).toEqual([
    ['feature', 'Better augmentation'],
    ['feature', 'More data for sevens'],
    ['bugfix', 'Shuffled labels'],
    [undefined, 'Fix a typo'],
  ]);
});

describe('a version in its file', () => {
  it.each([
    [
      'package.json',
      '{\n\t"name": "x", "version" : "0.1.0",\n "a": {"version": "9"}\n}\n',
      '{\n\t"name": "x", "version" : "1.2.0",\n "a": {"version": "9"}\n}\n',
    ],
    ['package.json', '{"a": {"version": "9"}, "b": ["version", "1"]}', undefined],
    [
      'package.json',
      '{"note": "\\"version\\": \\"3\\"", "version": "1"}',
      '{"note": "\\"version\\": \\"3\\"", "version": "1.2.0"}',
    ],
    ['package.json', '{broken', undefined],
    [
      'package-lock.json',
      '{"version": "1", "packages": {"": {"version": "1"}, "node_modules/x": {"version": "7"}}}',
      '{"version": "1.2.0", "packages": {"": {"version": "1.2.0"}, "node_modules/x": {"version": "7"}}}',
    ],
    [
      'pyproject.toml',
      "[tool.x]\nversion = '1'\n[project] # here\nname='y'\nversion = '1'  # now\n",
      "[tool.x]\nversion = '1'\n[project] # here\nname='y'\nversion = '1.2.0'  # now\n",
    ],
    ['pyproject.toml', '[tool.poetry]\nversion="1"\n', '[tool.poetry]\nversion="1.2.0"\n'],
    ['pyproject.toml', '[project]\ndynamic = ["version"]\n', undefined],
  ])('%s %j', (file, text, expected) => {
    expect(versionFiles[file]?.(text, '1.2.0')).toBe(expected);
  });

  it('versions are parsed and compared by their numbers', () => {
    expect([parseVersion('v1.2.3-rc.1'), parseVersion('1.2'), parseVersion('june')]).toEqual([
      [1, 2, 3],
      undefined,
      undefined,
    ]);
    expect(['1.10.0', '1.9.1', '1.9.0'].sort(compareVersions)).toEqual(['1.9.0', '1.9.1', '1.10.0']);
  });
});

describe('a changelog', () => {
  const notes = { version: '1.2.0', date: '2026-11-26', work: findWork(commits, settings), runs: [], models: [] };
  const generated = [
    '### Added',
    '',
    '- Better augmentation',
    '- More data for sevens',
    '',
    '### Changed',
    '',
    '- Fix a typo',
    '',
    '### Fixed',
    '',
    '- Shuffled labels',
  ].join('\n');

  it.each([
    ['is begun', undefined, `# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-11-26\n\n${generated}\n`],
    [
      'what stands under Unreleased becomes the version, in its author’s words',
      '# Log\n\n## [Unreleased]\n\n### Added\n\n- By hand\n\n## [1.1.0] - 2026-01-01\n\n- Old\n',
      '# Log\n\n## [Unreleased]\n\n## [1.2.0] - 2026-11-26\n\n### Added\n\n- By hand\n\n## [1.1.0] - 2026-01-01\n\n- Old\n',
    ],
    [
      'headings are written as they were',
      '# Log\n\nIntro.\n\n## v1.1.0 (2026-01-01)\n\n- Old\n',
      `# Log\n\nIntro.\n\n## v1.2.0 (2026-11-26)\n\n${generated}\n\n## v1.1.0 (2026-01-01)\n\n- Old\n`,
    ],
    ['a version that stands there is left', '## [1.2.0]\n\n- By hand\n', undefined],
    ['a file without headings keeps its text', 'Words.\n', `Words.\n\n## [1.2.0] - 2026-11-26\n\n${generated}\n`],
  ])('%s', (_name, text, expected) => {
    expect(addRelease(text, notes)).toBe(expected);
  });

  it('keeps the line ends of its file', () => {
    expect(addRelease('## Unreleased\r\n\r\n- a\r\n', notes)).toBe(
      '## Unreleased\r\n\r\n## 1.2.0 - 2026-11-26\r\n\r\n- a\r\n',
    );
  });

  it('tells what runs have reached and noted, as text, and which models went out', () => {
    const run = { branch: 'feature/better-augmentation', runId: '0123456789ab', metric: 'val_loss', value: 0.0412345 };
    const told = addRelease(undefined, {
      ...notes,
      work: work.slice(0, 1),
      runs: [{ ...run, note: '*Flips* help\nmore' }],
      models: ['digits 7 (run 01234567)'],
    });
    expect(told).toContain('- \\*Flips\\* help (val_loss 0.04123, run 01234567)\n');
    expect(told).toContain('### Models\n\n- digits 7 (run 01234567)\n');
  });
});

describe('the suggested version', () => {
  const tags = ['1.2.0', '1.10.1', 'other', '1.9.9'];
  const of = (...subjects: readonly string[]) =>
    findWork(
      subjects.map((subject) => commit(subject, subject.startsWith('Merge') ? 2 : 1)),
      settings,
    );
  const fix = "Merge branch 'bugfix/a' into develop";
  const feature = "Merge branch 'feature/b' into develop";
  it.each([
    ['release', of(feature, fix), tags, '1.11.0', '1 feature since 1.10.1'],
    ['release', of(fix, 'fix: b'), tags, '1.10.2', '2 fixes since 1.10.1'],
    ['release', of('feat!: new layout', feature), tags, '2.0.0', '1 breaking change since 1.10.1'],
    [
      'release',
      of("Merge branch 'feature/breaking-layout' into develop"),
      ['0.3.1'],
      '0.4.0',
      '1 breaking change since 0.3.1',
    ],
    ['release', of('Anything'), tags, '1.11.0', '1 feature since 1.10.1'],
    ['hotfix', of(feature), tags, '1.10.2', 'a hotfix of 1.10.1'],
    ['release', of(feature), [], '0.7.0', 'the first one'],
  ] as const)('%s %#: %s', (type, list, known, version, reason) => {
    expect(suggestVersion(type, list, { tags: known, versionTag: '', written: '0.7.0' })).toMatchObject({
      version,
      reason,
    });
  });
  it('looks at tags with the prefix only', () => {
    expect(
      suggestVersion('release', of(fix), { tags: ['v1.0.0', '7.0.0'], versionTag: 'v', written: null }),
    ).toMatchObject({ version: '1.0.1', last: '1.0.0' });
  });
});

describe('the plan of a release', () => {
  const release: ReleaseFacts = {
    ...{ today: '2026-11-26', folder: 'ml/', isProject: true, commits, runs: [], warnings: ['A word.'] },
    files: new Map([['package.json', '{"version": "0.1.0"}']]),
    models: [{ name: 'digits', version: '7', runId: 'abc', hash: 'md5:1f', store: 'file:///s', from: '6' }],
  };
  const facts = (more: Partial<FlowFacts> = {}, config: Readonly<Record<string, string>> = {}): FlowFacts =>
    toFacts({
      branches: ['main', 'develop', 'release/1.2.0'],
      config: { ...AVH, ...config },
      facts: { current: 'release/1.2.0', release, ...more },
    });
  const plan = (given: FlowFacts) => planFlow(given, { action: 'finish', type: 'release' });

  it('version, merges, tag with trailers, alias: all of it steps of one plan', () => {
    const { steps, warnings, summary } = plan(facts());
    expect(steps.map((step) => describeStep(step).title)).toEqual([
      'Write ml/package.json, ml/CHANGELOG.md and commit it as "Version 1.2.0"',
      'Check out main',
      'Merge release/1.2.0 into main',
      'Tag main as 1.2.0',
      'Check out develop',
      'Merge 1.2.0 into develop',
      'Move champion of digits to version 7 (from 6)',
      'Delete branch release/1.2.0',
    ]);
    expect(steps.find(({ kind }) => kind === 'tag')).toMatchObject({
      trailers: ['Model: digits 7', 'Model-Hash: md5:1f', 'Run: abc'],
    });
    expect(warnings).toEqual(['A word.']);
    expect(summary).toContain('Version 1.2.0 stands in ml/package.json and ml/CHANGELOG.md.');
    expect(summary).toContain('champion of digits is version 7 now.');
    expect(steps.every((step) => isStep(JSON.parse(JSON.stringify(step))))).toBe(true);
  });

  it.each([
    ['files off', {}, { 'mlops.release.files': 'false' }, 'commit-files'],
    ['alias off', {}, { 'mlops.release.alias': '' }, 'move-alias'],
    ['no project and no files', { release: { ...release, isProject: false, files: new Map() } }, {}, 'commit-files'],
    [
      'the alias is there',
      { release: { ...release, models: release.models.map((one) => ({ ...one, from: '7' })) } },
      {},
      'move-alias',
    ],
  ] as const)('%s', (_name, more, config, kind) => {
    const kinds = plan(facts(more, config)).steps.map((step) => step.kind);
    expect(kinds).toContain('tag');
    expect(kinds).not.toContain(kind);
  });

  it.each([
    [{ path: '../x', text: '' }],
    [{ path: '/etc/x', text: '' }],
    [{ path: '.git/config', text: '' }],
    [{ path: 'a\\..\\b', text: '' }],
    [{ path: 'x' }],
  ])('%j is no file that is written, whatever the journal says', (file) => {
    expect(isStep({ kind: 'commit-files', branch: 'b', message: 'm', files: [file] })).toBe(false);
  });
});
