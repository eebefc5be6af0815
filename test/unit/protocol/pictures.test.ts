import { expect, it } from 'vitest';
import { parseToRunPage, parseFromRunPage } from '../../../src/protocol/chartcodec.ts';
import { parseFromRunsPage, parseRunsPageMessage } from '../../../src/protocol/runtablecodec.ts';

const head = { protocol: 1, runId: 'a' };
const found = {
  groups: [{ key: '__proto__', pictures: [{ step: 3, path: 'images/a/3.png' }] }],
  trouble: null,
  isCut: false,
};
const picture = { bytes: Uint8Array.of(1), mediaType: 'image/png' };
const answers = [
  { ...head, type: 'pictures', found },
  { ...head, type: 'picture', path: 'a', picture },
  { ...head, type: 'picture', path: 'a', picture: null },
];

it.each(answers)('both pages take %j', (answer) => {
  expect([parseToRunPage(answer), parseRunsPageMessage(answer)]).toEqual([answer, answer]);
});

it.each([
  { type: 'listPictures', runId: 'a' },
  { type: 'readPicture', runId: 'a', path: 'b' },
])('both pages may ask %j', (question) => {
  expect([parseFromRunPage(question), parseFromRunsPage(question)]).toEqual([question, question]);
});

it.each([
  { ...answers[0], protocol: 0 },
  { ...answers[0], found: { ...found, groups: [{ key: 'a', pictures: [{ step: -1, path: 'b' }] }] } },
  { ...answers[0], found: { ...found, isCut: 'yes' } },
  { ...answers[1], picture: { ...picture, mediaType: 'image/svg+xml' } },
  { ...answers[1], picture: { ...picture, bytes: [1] } },
])('no page takes %j', (answer) => {
  expect([parseToRunPage(answer), parseRunsPageMessage(answer)]).toEqual([undefined, undefined]);
});
