import { describe, expect, it } from 'vitest';
import { groupPictures } from '../../../../src/core/artifacts/artifacts.ts';

describe('groupPictures', () => {
  it.each([
    [
      'images/NAME/STEP.png, also below folders of its own',
      ['images/digits/10.png', 'images/digits/9.jpg', 'images/a/b/0001.webp'],
      [
        ['a/b', [[1, 'images/a/b/0001.webp']]],
        [
          'digits',
          [
            [9, 'images/digits/9.jpg'],
            [10, 'images/digits/10.png'],
          ],
        ],
      ],
    ],
    ['those of DVCLive', ['plots/images/sample/3.png'], [['sample', [[3, 'plots/images/sample/3.png']]]]],
    [
      'those of log_image of MLflow, without the small copies',
      [
        'images/dogs~small+step+100+timestamp+1700000000000+4c0b3e9a-1b1f-4b3e-8c56-c5e2b9f0b7a1.png',
        'images/dogs~small+step+100+timestamp+1700000000000+4c0b3e9a-1b1f-4b3e-8c56-c5e2b9f0b7a1+compressed.webp',
      ],
      [
        [
          'dogs/small',
          [[100, 'images/dogs~small+step+100+timestamp+1700000000000+4c0b3e9a-1b1f-4b3e-8c56-c5e2b9f0b7a1.png']],
        ],
      ],
    ],
    [
      'those of older ones, the newest of a step',
      ['images/a#b%step%1%timestamp%5%u.png', 'images/a#b%step%1%timestamp%6%u.png'],
      [['a/b', [[1, 'images/a#b%step%1%timestamp%6%u.png']]]],
    ],
    [
      'names that are none of ours',
      ['images/__proto__/1.png', 'images/<b>/2.gif'],
      [
        ['<b>', [[2, 'images/<b>/2.gif']]],
        ['__proto__', [[1, 'images/__proto__/1.png']]],
      ],
    ],
    [
      'nothing of others',
      [
        'images/1.png',
        'images/a/x.png',
        'images/a/1.txt',
        'other/a/1.png',
        'images/a/-1.png',
        'images/a/1e3.png',
        'images/a/12345678901234567.png',
      ],
      [],
    ],
  ] as const)('takes %s', (_, paths, expected) => {
    const found = groupPictures(paths).map(({ key, pictures }) => [
      key,
      pictures.map(({ step, path }) => [step, path]),
    ]);
    expect(found).toEqual(expected);
  });
});
