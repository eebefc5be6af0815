import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { toRunCacheTexts } from '../../../../src/core/pipeline/runcache.ts';
import { integer, type PyValue } from '../../../../src/core/pipeline/values.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

it("names of a run-cache record are DVC's", () => {
  const common = { legacy: false, nfiles: undefined, isexec: false, foreign: [], size: 99 };
  const { key, value } = toRunCacheTexts({
    cmd: 'python train.py',
    deps: [{ ...common, path: 'data', md5: '253db378146ec7452e4fd525933ace0b.dir', nfiles: 3 }],
    params: new Map([
      [
        'params.yaml',
        new Map<string, PyValue>([
          ['lr', { kind: 'float', value: 0.1 }],
          ['epochs', integer(10)],
        ]),
      ],
    ]),
    outs: [{ ...common, path: 'model.bin', md5: 'b1946ac92492d2347c6235b4d2611184' }],
  });
  expect(sha256(key)).toBe('652063261b60009a205132bd1d494090860c7d90ece88db0cf5ac3bcbe4708ca');
  expect(sha256(value)).toBe('080760b5d0f30fa95e9c7e8fa6990d9763dfa927f64422a949aad454f5d0e024');
});
