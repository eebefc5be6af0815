import { answerBook, buffersOf, ChartBook, type BookQuestion } from '../../../src/core/charts/charts.ts';

// The page's worker: it holds the points and fits charts to their pixels, so that the page stays at hand whatever their number. Only the page
// that started it can send to it.

const book = new ChartBook();

addEventListener('message', ({ data: { id, deed, ask } }: MessageEvent<BookQuestion>) => {
  const answer = answerBook(book, deed, ask);
  postMessage({ id, answer }, { transfer: buffersOf(answer) });
});
