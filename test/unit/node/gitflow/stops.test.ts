import { expect, test } from 'vitest';
import { createStops } from '../../../../src/node/gitflow/gitflow.ts';

test('all work in a folder is stopped, and none elsewhere or later', async () => {
  const stops = createStops();
  const wait = (folder: string): Promise<string> =>
    stops.run(
      folder,
      (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve('stopped'));
          setImmediate(() => setImmediate(() => resolve('done')));
        }),
    );
  const works = [wait('/a'), wait('/a'), wait('/b')];
  stops.stop('/a');
  stops.stop('/c');
  expect(await Promise.all(works)).toEqual(['stopped', 'stopped', 'done']);
  expect(await wait('/a')).toBe('done');
});
