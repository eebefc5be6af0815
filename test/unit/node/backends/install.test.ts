import { mkdir, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listFiles } from '../../../../src/node/files/files.ts';
import {
  installTensorFlow,
  planTensorFlow,
  removeTensorFlow,
  type InstallRequest,
  type Progress,
} from '../../../../src/node/backends/backends.ts';
import {
  findInstalled,
  nativeEnvironment,
  type InstalledTensorFlow,
} from '../../../../src/node/tensorflow/tensorflow.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { createGround, cutAfter, wheelEntries, wheelName, zip, type Ground } from './ground.ts';

const folderName = `tensorflow-2.99.0-linux-${process.arch}-napi8`;
const tfjs = 'node_modules/@tensorflow/tfjs-node';

// Only Linux has the libraries; elsewhere planning says so, which the tests of the plan show.
describe.skipIf(process.platform !== 'linux')('installing TensorFlow', () => {
  let ground: Ground;
  let abort: AbortController;
  beforeEach(async () => {
    ground = await createGround();
    abort = new AbortController();
  });
  afterEach(() => ground.close());

  const request = (more: Partial<InstallRequest> = {}): InstallRequest => ({
    ...{ folder: ground.project, env: ground.env, signal: abort.signal, gpu: false },
    ...more,
  });

  async function install(
    more: Partial<InstallRequest> = {},
    {
      verify = () => Promise.resolve(),
      onProgress = () => undefined,
    }: { verify?: (tried: InstalledTensorFlow) => Promise<void>; onProgress?: (progress: Progress) => void } = {},
  ): Promise<InstalledTensorFlow> {
    const plan = await planTensorFlow(request(more));
    if (plan.kind === 'installed') throw new Error('It is installed already.');
    return installTensorFlow(plan, request(more), { verify, onProgress, pauseMs: 1 });
  }

  const left = (): Promise<string[]> => readdir(ground.cache).catch(() => []);

  async function fails(working: Promise<unknown>, code: string, message: RegExp): Promise<void> {
    const error = await working.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ExpectedError);
    expect((error as ExpectedError).message).toMatch(message);
    expect((error as ExpectedError).code).toBe(code);
  }

  test('from the index: tried out before it is in its place, whole afterwards, once, and removed without a trace', async () => {
    let tried: InstalledTensorFlow | undefined;
    const installed = await install(
      {},
      {
        verify: async (one) => {
          tried = one;
          expect(await readFile(path.join(one.folder, tfjs, 'lib/napi-v8/tfjs_binding.node'), 'utf8')).toBe('compiled');
          expect(await findInstalled(ground.env)).toEqual([]);
        },
      },
    );
    expect(tried).toMatchObject({ version: '2.99.0', gpu: false });
    expect(installed).toEqual({ version: '2.99.0', gpu: false, folder: path.join(ground.cache, folderName) });
    expect(await left()).toEqual([folderName]);
    expect((await listFiles(installed.folder)).filter((name) => name.endsWith('.map'))).toEqual([]);
    const library = await readFile(path.join(installed.folder, tfjs, 'deps/lib/libtensorflow_cc.so.2'));
    expect(library.equals(wheelEntries['tensorflow/libtensorflow_cc.so.2'])).toBe(true);
    expect(await nativeEnvironment(ground.env)).toEqual({ MLOPS_TENSORFLOW: installed.folder });

    expect(await planTensorFlow(request())).toEqual({ kind: 'installed', installed });

    const { removed, bytes } = await removeTensorFlow(ground.env);
    expect(removed).toEqual([folderName]);
    expect(bytes).toBeGreaterThan(400_000);
    expect(await left()).toEqual([]);
    expect(await removeTensorFlow(ground.env)).toEqual({ removed: [], bytes: 0 });
  });

  test('progress counts the bytes of downloading and unpacking', async () => {
    const seen: Progress[] = [];
    await install({}, { onProgress: (progress) => seen.push(progress) });
    const kinds = [...new Set(seen.map(({ step }) => step.kind))];
    expect(kinds).toEqual(['packages', 'download', 'unpack', 'compile', 'verify']);
    for (const kind of ['download', 'unpack'] as const) {
      const { done, total } = seen.findLast(({ step }) => step.kind === kind)!;
      expect(done).toBe(total);
      expect(done).toBeGreaterThan(100_000);
    }
  });

  test('a connection that breaks is taken up where it broke', async () => {
    let requests = 0;
    ground.trick = (...args) => ++requests <= 2 && cutAfter(100_000, ground.cache)(...args);
    await install();
    expect(ground.ranges[0]).toBe('');
    expect(ground.ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
    expect(ground.ranges).toHaveLength(3);
    expect(await left()).toEqual([folderName]);
  });

  test('a server that knows no ranges sends the whole again', async () => {
    let requests = 0;
    ground.trick = (incoming, response, wheel) => {
      requests += 1;
      if (requests === 1) return cutAfter(100_000, ground.cache)(incoming, response, wheel);
      response.writeHead(200, { 'content-length': wheel.length }).end(wheel);
      return true;
    };
    await install();
    expect(await left()).toEqual([folderName]);
  });

  test('a network that is gone for good leaves what has come, and the next call goes on there', async () => {
    let requests = 0;
    ground.trick = (incoming, response, wheel) => {
      requests += 1;
      if (requests === 1) return cutAfter(150_000, ground.cache)(incoming, response, wheel);
      response.destroy();
      return true;
    };
    await fails(install(), 'download-failed', /can't be fetched/);
    const [part] = await left();
    expect(part).toMatch(/^tensorflow-download-[0-9a-f]{16}\.whl\.part$/);
    ground.trick = () => false;
    await install();
    expect(ground.ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
    expect(await left()).toEqual([folderName]);
  });

  test('removing takes such a part of a download as well', async () => {
    await mkdir(ground.cache, { recursive: true });
    await writeFile(path.join(ground.cache, 'tensorflow-download-0123456789abcdef.whl.part'), 'part');
    await writeFile(path.join(ground.cache, 'somebody-elses'), '');
    expect((await removeTensorFlow(ground.env)).bytes).toBe(4);
    expect(await left()).toEqual(['somebody-elses']);
  });

  describe('what fails leaves nothing behind', () => {
    afterEach(async () => expect(await left()).toEqual([]));

    test('another file than the index names', async () => {
      ground.sha256 = 'ab'.repeat(32);
      await fails(install(), 'corrupt', /is not the file that its index names \(sha256 \w{64} instead of abab/);
    });

    test('an index without hashes', async () => {
      ground.sha256 = '';
      await fails(install(), 'download-failed', /gives no sha256.*--from/);
      expect(ground.ranges).toEqual([]);
    });

    test('an answer that is final', async () => {
      ground.trick = (_, response) => {
        response.writeHead(403).end();
        return true;
      };
      await fails(install(), 'download-failed', /status 403/);
      expect(ground.ranges).toHaveLength(1);
    });

    test('a disk without the space: nothing is fetched', async () => {
      ground.size = 1e15;
      await fails(install(), 'disk', /takes \d+\.\d GB and .* has .* free.*XDG_CACHE_HOME/);
      expect(ground.ranges).toEqual([]);
    });

    test('a stop while the wheel is coming', async () => {
      ground.trick = (_, response, wheel) => {
        response.writeHead(200, { 'content-length': wheel.length });
        response.write(wheel.subarray(0, 50_000));
        return true;
      };
      const working = install(
        {},
        {
          onProgress: ({ done, step }) => {
            if (step.kind === 'download' && done > 0) abort.abort('SIGINT');
          },
        },
      );
      await expect(working).rejects.toBe('SIGINT');
    });

    test('a stop while something is being compiled', async () => {
      await ground.write('g++', 'setInterval(() => undefined, 1000)');
      const working = install(
        {},
        {
          onProgress: ({ step }) => {
            if (step.kind === 'compile') setImmediate(() => abort.abort('SIGINT'));
          },
        },
      );
      await expect(working).rejects.toBe('SIGINT');
    });

    test('a compiler that finds no headers', async () => {
      await ground.write('g++', 'console.error("x.cc:1:10: fatal error: cstdlib: No such file"); process.exit(1)');
      await fails(
        install(),
        'missing-program',
        /g\+\+ could not compile.*headers of C and C\+\+[^]*fatal error: cstdlib/,
      );
    });

    test('no compiler and no prebuilt addon', async () => {
      await rm(path.join(ground.bin, 'g++'));
      await fails(
        install(),
        'missing-program',
        /no C\+\+ compiler: install g\+\+ .*prebuilt addon can't be had either/,
      );
    });

    test('npm that fails', async () => {
      await ground.write('npm', 'console.error("npm error code E404\\nnpm error 404 Not Found"); process.exit(1)');
      await fails(install(), 'download-failed', /npm could not install TensorFlow\.js: code E404; 404 Not Found/);
    });

    test('no npm', async () => {
      await rm(path.join(ground.bin, 'npm'));
      await fails(install(), 'not-supported', /npm is not installed/);
    });

    test('a step of training that fails', async () => {
      const verify = (): Promise<void> => Promise.reject(new ExpectedError('training-failed', 'no step'));
      await fails(install({}, { verify }), 'training-failed', /no step/);
    });

    test('an index that is not there', async () => {
      const env = { ...ground.env, PIP_INDEX_URL: `${ground.address}/nothing` };
      await fails(install({ env }), 'download-failed', /no wheel of tensorflow/);
    });

    test('a GPU without its driver', async () => {
      await fails(install({ gpu: true }), 'not-supported', /no NVIDIA driver|x64 only/);
    });
  });

  describe('a wheel of the person', () => {
    const wheel = async (bytes: Buffer, name = wheelName): Promise<string> => {
      const file = path.join(ground.folder, name);
      await writeFile(file, bytes);
      return file;
    };

    test('is used where it is, and stays', async () => {
      const from = await wheel(zip(wheelEntries));
      await install({ from });
      expect(ground.ranges).toEqual([]);
      expect(await left()).toEqual([folderName]);
      expect((await readFile(from)).length).toBeGreaterThan(0);
    });

    const broken: Record<string, [bytes: () => Buffer, message: RegExp]> = {
      'cut off': [() => zip(wheelEntries).subarray(0, 100_000), /is no whole zip file/],
      'damaged': [
        () => zip(wheelEntries, { damage: 'tensorflow/libtensorflow_cc.so.2' }),
        /libtensorflow_cc\.so\.2 is damaged/,
      ],
      'of something else': [() => zip({ 'other/x.py': 'x' }), /no libraries in it/],
    };
    test.each(Object.entries(broken))('%s', async (_, [bytes, message]) => {
      await fails(install({ from: await wheel(bytes()) }), 'corrupt', message);
      expect(await left()).toEqual([]);
    });

    test('of another machine, of another project, and none at all', async () => {
      const other = wheelName.replace(/manylinux_\w+/, 'win_amd64');
      await fails(install({ from: await wheel(zip({}), other) }), 'bad-input', /made for win_amd64/);
      await fails(
        install({ from: await wheel(zip({}), 'numpy-1.0-py3-none-any.whl') }),
        'bad-input',
        /no wheel of TensorFlow/,
      );
      await fails(install({ from: path.join(ground.folder, 'no.whl') }), 'missing-file', /There is no file/);
    });
  });

  test('libraries of the Python of the project stay where they are', async () => {
    const site = path.join(ground.folder, 'site-packages');
    for (const [name, content] of Object.entries(wheelEntries)) {
      await mkdir(path.dirname(path.join(site, name)), { recursive: true });
      await writeFile(path.join(site, name), content);
    }
    const answer = JSON.stringify({ folder: path.join(site, 'tensorflow'), version: '2.20.0' });
    await ground.write(
      'python3',
      `process.argv[2] === '-c' ? console.log(${JSON.stringify(answer)}) : process.exit(1)`,
    );
    const { folder, version } = await install();
    expect(version).toBe('2.20.0');
    const library = path.join(folder, tfjs, 'deps/lib/libtensorflow_cc.so.2');
    expect(await readlink(library)).toBe(path.join(site, 'tensorflow/libtensorflow_cc.so.2'));
    expect(ground.ranges).toEqual([]);
    // That Python goes: the installation is none any more, and can be made anew.
    await rm(site, { recursive: true });
    expect(await findInstalled(ground.env)).toEqual([]);
  });

  test('the index of pip is asked for where no variable names one', async () => {
    const { PIP_INDEX_URL, ...env } = ground.env;
    await ground.write(
      'python3',
      `
      const [, , flag, ...rest] = process.argv;
      if (flag !== '-m' || rest.join(' ') !== 'pip config list') process.exit(1);
      console.log("global.index-url='${PIP_INDEX_URL ?? ''}'");`,
    );
    const plan = await planTensorFlow(request({ env }));
    expect(plan).toMatchObject({ kind: 'install', version: '2.99.0' });
  });

  test.skipIf(process.arch !== 'x64')('without a compiler the addon of the package’s authors is taken', async () => {
    await rm(path.join(ground.bin, 'g++'));
    ground.env['ADDON_HOST'] = ground.address;
    const { folder } = await install();
    expect(await readFile(path.join(folder, tfjs, 'lib/napi-v8/tfjs_binding.node'), 'utf8')).toBe('prebuilt');
    expect(await readlink(path.join(folder, tfjs, 'deps/lib/libtensorflow.so.2'))).toBe('libtensorflow_cc.so.2');
  });

  test('what a killed installation has left is swept, and two at a time are refused', async () => {
    await mkdir(path.join(ground.cache, `.mlops-tmp-${folderName}-dead`), { recursive: true });
    let second: Promise<void> | undefined;
    await install(
      {},
      {
        verify: async () => {
          second = fails(install(), 'busy', /mlops backends install tensorflow/);
          await second;
        },
      },
    );
    expect(second).toBeDefined();
    expect(await left()).toEqual([folderName]);
  });
});
