import { describe, expect, test } from 'vitest';
import {
  checkWheel,
  chooseRequirement,
  chooseWheel,
  compareVersions,
  compilerArguments,
  findInTar,
  findObstacles,
  parseFolderName,
  parsePipSettings,
  parseRequirements,
  parseSimpleIndex,
  planInstallation,
  selectLibraries,
  type IndexFile,
  type InstallationFacts,
  type LibrarySource,
  type Machine,
} from '../../../../src/core/backends/backends.ts';

const debian: Machine = { platform: 'linux', arch: 'x64', glibc: '2.36' };
const hash = 'ab'.repeat(32);

function indexFile(name: string, more: Partial<IndexFile> = {}): IndexFile {
  return { name, url: `https://files.example/${name}`, sha256: hash, size: 100, isYanked: false, ...more };
}

describe('which wheel fits a machine', () => {
  const wheel = (platforms: string): string => `tensorflow_cpu-2.21.0-cp311-cp311-${platforms}.whl`;
  const cases: Record<string, [file: string, machine: Partial<Machine>, problem: RegExp | undefined]> = {
    'the same glibc': [wheel('manylinux_2_36_x86_64'), {}, undefined],
    'an older glibc': [wheel('manylinux_2_27_x86_64'), {}, undefined],
    'a newer glibc': [wheel('manylinux_2_39_x86_64'), {}, /manylinux_2_39_x86_64; this is linux x64 with glibc 2\.36/],
    'glibc 2.9 is older than 2.17': [wheel('manylinux_2_17_x86_64'), { glibc: '2.9' }, /glibc 2\.9/],
    'an old name': [wheel('manylinux2014_x86_64'), {}, undefined],
    'one of two names': [wheel('manylinux_2_17_x86_64.manylinux2014_x86_64'), { glibc: '2.17' }, undefined],
    'another processor': [wheel('manylinux_2_17_aarch64'), {}, /aarch64; this is linux x64/],
    'arm': [wheel('manylinux_2_17_aarch64'), { arch: 'arm64' }, undefined],
    'musl': [wheel('manylinux_2_17_x86_64'), { glibc: null }, /without glibc/],
    'Windows': [wheel('win_amd64'), {}, /win_amd64/],
    'macOS': [wheel('manylinux_2_17_x86_64'), { platform: 'darwin' }, /this is darwin x64\./],
    'no wheel': ['tensorflow-2.21.0.tar.gz', {}, /is not the name of a wheel/],
  };
  test.each(Object.entries(cases))('%s', (_, [file, machine, problem]) => {
    const told = checkWheel(file, { ...debian, ...machine });
    if (problem === undefined) expect(told).toBeUndefined();
    else expect(told).toMatch(problem);
  });

  test('versions are compared as numbers', () => {
    expect(['2.9.1', '2.21.0', '2.10', '2.21', '10.0'].sort(compareVersions)).toEqual([
      ...['2.9.1', '2.10', '2.21.0', '2.21', '10.0'],
    ]);
  });

  test('the newest finished one is taken, whatever Python it is for', () => {
    const files = [
      ...['2.9.0', '2.21.0', '2.20.0'].map(
        (version) => `tensorflow_cpu-${version}-cp313-cp313-manylinux_2_27_x86_64.whl`,
      ),
      'tensorflow_cpu-2.22.0rc1-cp311-cp311-manylinux_2_27_x86_64.whl',
      'tensorflow_cpu-2.30.0-cp311-cp311-win_amd64.whl',
      'tensorflow_cpu-3.0.0-cp311-cp311-manylinux_2_27_x86_64.whl',
      'tensorflow_cpu-2.30.0.tar.gz',
    ].map((name) => indexFile(name));
    const yanked = indexFile('tensorflow_cpu-2.25.0-cp311-cp311-manylinux_2_27_x86_64.whl', { isYanked: true });
    const chosen = chooseWheel([...files, yanked], debian, (version) => version.startsWith('2.'));
    expect(chosen?.name).toBe('tensorflow_cpu-2.21.0-cp313-cp313-manylinux_2_27_x86_64.whl');
    expect(chooseWheel(files, { ...debian, arch: 'arm64' })).toBeUndefined();
  });
});

describe('a page of a package index', () => {
  const base = 'https://index.example/simple/tensorflow/';
  const json = {
    files: [
      { filename: 'a-1-py3-none-any.whl', url: '../../files/a.whl', hashes: { sha256: hash.toUpperCase() }, size: 7 },
      { filename: 'b-1-py3-none-any.whl', url: 'https://else.example/b.whl', hashes: {}, yanked: 'broken' },
      { filename: 'no address' },
    ],
  };
  const html = `<!DOCTYPE html><body><a href="../../files/a.whl#sha256=${hash}">a-1-py3-none-any.whl</a><br>
    <A data-requires-python="&gt;=3.9" data-yanked="" HREF='https://else.example/b.whl?x=1&amp;y=2'>b-1-py3-none-any.whl</A></body>`;

  test('as JSON', () => {
    expect(parseSimpleIndex(JSON.stringify(json), 'application/vnd.pypi.simple.v1+json', base)).toEqual([
      {
        name: 'a-1-py3-none-any.whl',
        url: 'https://index.example/files/a.whl',
        sha256: hash,
        size: 7,
        isYanked: false,
      },
      { name: 'b-1-py3-none-any.whl', url: 'https://else.example/b.whl', sha256: null, size: null, isYanked: true },
    ]);
  });

  test('as HTML', () => {
    expect(parseSimpleIndex(html, 'text/html; charset=utf-8', base)).toEqual([
      {
        name: 'a-1-py3-none-any.whl',
        url: 'https://index.example/files/a.whl',
        sha256: hash,
        size: null,
        isYanked: false,
      },
      {
        name: 'b-1-py3-none-any.whl',
        url: 'https://else.example/b.whl?x=1&y=2',
        sha256: null,
        size: null,
        isYanked: true,
      },
    ]);
  });

  test.each([
    ['{broken', 'application/json'],
    ['{"files": 3}', 'application/json'],
    ['Service unavailable', 'text/plain'],
  ])('%s is none', (text, type) => {
    expect(parseSimpleIndex(text, type, base)).toBeUndefined();
  });
});

describe("pip's settings", () => {
  const cases: Record<
    string,
    [listing: string, env: Record<string, string>, index: string, certificates: string | null]
  > = {
    'none': ['', {}, 'https://pypi.org/simple', null],
    'for all commands': [
      "global.index-url='https://mirror.example/simple/'\n",
      {},
      'https://mirror.example/simple',
      null,
    ],
    'the environment goes first': [
      "global.index-url='https://a.example'\n:env:.index-url='https://b.example'",
      { PIP_INDEX_URL: 'https://c.example', PIP_CERT: '/certs.pem' },
      'https://c.example',
      '/certs.pem',
    ],
    "a command's own before all": [
      "global.cert='/a.pem'\nglobal.index-url='https://a.example'\ndownload.index-url='https://d.example'",
      {},
      'https://d.example',
      '/a.pem',
    ],
    'other lines': [
      "warning: something\nglobal.timeout='60'\nglobal.index-url=\"https://q.example/it's\"",
      {},
      "https://q.example/it's",
      null,
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [listing, env, index, certificates]) => {
    expect(parsePipSettings(listing, env)).toEqual({ index, certificates });
  });
});

describe('the libraries of CUDA that a wheel asks for', () => {
  const metadata = `Name: tensorflow
Requires-Dist: numpy>=1.26.0
Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"
Requires-Dist: nvidia_nccl_cu12 (==2.27.*) ; python_version > "3" and extra == 'and-cuda'
Requires-Dist: pytest~=7.1 ; extra == "test"`;

  test('are read from METADATA', () => {
    expect(parseRequirements(metadata, 'and-cuda')).toEqual([
      {
        project: 'nvidia-cublas-cu12',
        conditions: [
          { operator: '<', version: '13.0' },
          { operator: '>=', version: '12.5.3.2' },
        ],
      },
      { project: 'nvidia-nccl-cu12', conditions: [{ operator: '==', version: '2.27.*' }] },
    ]);
  });

  const cases: Record<string, [conditions: string, version: string | undefined]> = {
    'a range': ['<13.0,>=12.5', '12.9.1'],
    'exactly': ['==12.5.0', '12.5'],
    'a series': ['==12.5.*', '12.5'],
    'not one': ['<13,!=12.9.1', '12.6.2'],
    'compatible': ['~=12.6.0', '12.6.2'],
    'none': ['>14', undefined],
  };
  test.each(Object.entries(cases))('%s', (_, [conditions, version]) => {
    const [requirement] = parseRequirements(`Requires-Dist: x${conditions}; extra == "e"`, 'e');
    const files = ['13.0', '12.9.1', '12.6.2', '12.5', '2.0'].map((one) =>
      indexFile(`x-${one}-py3-none-manylinux2014_x86_64.whl`),
    );
    const chosen = chooseRequirement(requirement!, files, debian);
    expect(chosen?.name).toBe(version === undefined ? undefined : `x-${version}-py3-none-manylinux2014_x86_64.whl`);
  });
});

describe('the plan', () => {
  const facts: InstallationFacts = {
    machine: debian,
    gpu: false,
    npm: '/usr/bin/npm',
    compiler: '/usr/bin/g++',
    hasNvidiaDriver: false,
  };
  const wheel = indexFile('tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl', { size: 274e6 });
  const index: LibrarySource = { kind: 'index', version: '2.21.0', file: wheel };
  const python: LibrarySource = {
    ...{ kind: 'python', version: '2.20.0', python: '/p/.venv/bin/python3', nvidia: null },
    folder: '/p/.venv/lib/python3.12/site-packages/tensorflow',
  };

  const obstacles: Record<string, [change: Partial<InstallationFacts>, expected: readonly RegExp[]]> = {
    'none': [{}, []],
    'no npm': [{ npm: null }, [/npm is not installed.*Install Node\.js/]],
    'no compiler is none: a prebuilt addon may be had': [{ compiler: null }, []],
    'Windows': [{ machine: { platform: 'win32', arch: 'x64', glibc: null } }, [/this is win32 x64.*npm install/]],
    'musl': [{ machine: { ...debian, glibc: null } }, [/without glibc/]],
    'a GPU without its driver, and no npm': [{ gpu: true, npm: null }, [/npm/, /no NVIDIA driver.*leave out --gpu/]],
    'a GPU with its driver': [{ gpu: true, hasNvidiaDriver: true }, []],
    'a GPU beside an arm': [{ gpu: true, hasNvidiaDriver: true, machine: { ...debian, arch: 'arm64' } }, [/x64 only/]],
  };
  test.each(Object.entries(obstacles))('what is in the way: %s', (_, [change, expected]) => {
    const found = findObstacles({ ...facts, ...change });
    expect(found).toHaveLength(expected.length);
    expected.forEach((pattern, at) => expect(found[at]).toMatch(pattern));
  });

  const steps: Record<string, [source: LibrarySource, change: Partial<InstallationFacts>, kinds: string]> = {
    'from the index': [index, {}, 'packages download unpack compile verify'],
    'from a Python': [python, {}, 'packages link compile verify'],
    'without a compiler': [index, { compiler: null }, 'packages download unpack prebuilt verify'],
    'with CUDA': [index, { gpu: true }, 'packages download unpack nvidia compile verify'],
    'with the CUDA of a Python': [{ ...python, nvidia: '/p/nvidia' }, { gpu: true }, 'packages link compile verify'],
    'a wheel on the disk': [
      { kind: 'wheel', version: '2.18.0', file: '/w/x.whl', bytes: 1 },
      {},
      'packages unpack compile verify',
    ],
  };
  test.each(Object.entries(steps))('%s', (_, [source, change, kinds]) => {
    const plan = planInstallation({ ...facts, ...change }, source);
    expect(plan.steps.map(({ kind }) => kind).join(' ')).toBe(kinds);
  });

  test('its folder names version, platform and ABI, and can be read back', () => {
    const { folder } = planInstallation(facts, index);
    expect(folder).toBe('tensorflow-2.21.0-linux-x64-napi8');
    expect(parseFolderName(folder, debian)).toEqual({ version: '2.21.0', gpu: false });
    expect(parseFolderName(planInstallation({ ...facts, gpu: true }, index).folder, debian)).toEqual({
      version: '2.21.0',
      gpu: true,
    });
  });

  test.each([
    'tensorflow-2.21.0-darwin-x64-napi8',
    'tensorflow-2.21.0-linux-arm64-napi8',
    'tensorflow-2.21.0-linux-x64-napi9',
    'tensorflow-download-abcdef.whl.part',
    'tensorflow-lock',
  ])('%s is no installation of this machine', (name) => {
    expect(parseFolderName(name, debian)).toBeUndefined();
  });

  test('free disk: the wheel and what it unpacks to lie side by side; a linked library takes none', () => {
    const bytes = (source: LibrarySource, change: Partial<InstallationFacts> = {}): number =>
      planInstallation({ ...facts, ...change }, source).diskBytes;
    expect(bytes(index)).toBeGreaterThan(274e6 + 860e6);
    expect(bytes(python)).toBeLessThan(500e6);
    expect(bytes(index, { gpu: true })).toBeGreaterThan(8e9);
  });
});

describe('what is taken of a wheel', () => {
  const cases: Record<string, string | undefined> = {
    'tensorflow/libtensorflow_cc.so.2': 'deps/lib/libtensorflow_cc.so.2',
    'tensorflow/libtensorflow_framework.so.2': 'deps/lib/libtensorflow_framework.so.2',
    'tensorflow/include/tensorflow/c/eager/c_api.h': 'deps/include/tensorflow/c/eager/c_api.h',
    'tensorflow/include/xla/tsl/c/tsl_status.h': 'deps/include/xla/tsl/c/tsl_status.h',
    'tensorflow/include/Eigen/Core.h': undefined,
    'tensorflow/python/__init__.py': undefined,
    'nvidia/cublas/lib/libcublas.so.12': 'deps/nvidia/cublas/lib/libcublas.so.12',
    'nvidia/cublas/include/cublas.h': undefined,
    'nvidia/../lib/x.so': undefined,
    'tensorflow/include/tensorflow/c/../../../../../x.h': undefined,
    '/tensorflow/libtensorflow_cc.so.2': undefined,
  };
  test.each(Object.entries(cases))('%s', (entry, place) => {
    expect(selectLibraries(entry)).toBe(place);
  });
});

test('the addon finds its libraries by their place beside it', () => {
  const args = compilerArguments({ package: '/t', tensorflowHeaders: '/h', nodeHeaders: '/n', output: '/t/o.node' });
  expect(args).toContain('-Wl,-rpath,$ORIGIN/../../deps/lib');
  expect(args.join(' ')).toContain('-o /t/o.node');
});

describe('a tar archive', () => {
  const entry = (name: string, text: string, type = '0'): Buffer => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${text.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(type, 156);
    return Buffer.concat([header, Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512)]);
  };
  const archive = Buffer.concat([entry('napi-v8/', '', '5'), entry('napi-v8/x.node', 'addon'), Buffer.alloc(1024)]);

  test('gives a file by the end of its name', () => {
    expect(Buffer.from(findInTar(archive, 'x.node')!).toString()).toBe('addon');
    expect(findInTar(archive, 'y.node')).toBeUndefined();
    expect(findInTar(archive.subarray(0, 1026), 'x.node')).toBeUndefined();
  });
});
