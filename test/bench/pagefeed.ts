import type { Page } from 'playwright-core';

// The extension's half of the points' way, within the page that is measured: made there, because megabytes on their way through a test
// driver would be what is measured. It listens to what the page draws, too.

export interface PageFeedSpec {
  readonly runIds: readonly string[];
  readonly points: number;
}

/** Counts since the last {@link resetDrawn}; times as `performance.now()` of the page gives them. */
export interface Drawn {
  /** How often something was painted on any canvas. */
  readonly strokes: number;
  readonly canvases: number;
  /** Frames in which something was painted. */
  readonly frames: number;
  /** When the last of them was done. */
  readonly at: number;
}

const PATIENCE_MS = 120_000;

const pagefeed = /* js */ `(spec) => {
  const bench = { canvases: new Set(), strokes: 0, frames: 0, last: 0, at: 0, whole: undefined, input: undefined, dragged: undefined, events: [] };
  window.bench = bench;
  let isMarked = false;
  const mark = (canvas) => {
    if (canvas.isConnected) bench.canvases.add(canvas);
    bench.strokes += 1;
    bench.last = performance.now();
    if (isMarked) return;
    isMarked = true;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        [isMarked, bench.at] = [false, performance.now()];
        bench.frames += 1;
      };
      channel.port2.postMessage(0);
    });
  };
  for (const name of ['stroke', 'fill', 'putImageData', 'drawImage']) {
    const own = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...args) {
      mark(this.canvas);
      return own.apply(this, args);
    };
  }
  new PerformanceObserver((list) => bench.events.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'event', durationThreshold: 16 });
  for (const name of ['pointerup', 'dblclick', 'wheel', 'keydown', 'click', 'pointermove'])
    window.addEventListener(name, (event) => { bench.input = event.timeStamp; }, { capture: true, passive: true });
  window.addEventListener('pointermove', (event) => { if (event.buttons !== 0) bench.dragged = event.timeStamp; }, { capture: true, passive: true });
  const valueOf = (run, step) => Math.sin(step / 700 + run) + ((step * 7919 + run * 31) % 101) / 101;
  const index = new Map(spec.runIds.map((runId, run) => [runId, run]));
  const room = 80_000;
  let [watch, sequence, isOnItsWay, counts, end] = [undefined, 0, false, [], spec.points];
  const take = () => {
    const cuts = [];
    let left = room;
    for (const own of counts) {
      if (left <= 0) break;
      const count = Math.min(left, end - own.sent);
      if (count === 0) continue;
      cuts.push({ ...own, from: own.sent, count });
      own.sent += count;
      left -= count;
    }
    const all = new Float64Array(3 * cuts.reduce((sum, { count }) => sum + count, 0));
    let at = 0;
    const series = cuts.map(({ runId, metric, run, from, count }) => {
      const [steps, values, times] = [0, 1, 2].map((column) => all.subarray(at + column * count, at + (column + 1) * count));
      for (let i = 0; i < count; i += 1) {
        steps[i] = from + i;
        values[i] = valueOf(run, from + i);
        times[i] = 1.7e12 + 1000 * (from + i);
      }
      at += 3 * count;
      return { runId, metric, from, steps, values, times };
    });
    return { series, buffer: all.buffer };
  };
  const send = () => {
    if (watch === undefined || isOnItsWay) return;
    const { series, buffer } = take();
    const isWhole = counts.every(({ sent }) => sent === end);
    if (series.length === 0 && bench.whole !== undefined) return;
    isOnItsWay = true;
    sequence += 1;
    window.postMessage({ type: 'series', protocol: 1, watch, sequence, series, events: [], problems: [], isWhole }, '*', [buffer]);
    if (isWhole) bench.whole ??= performance.now();
  };
  const hear = (message) => {
    if (message.type === 'watch') {
      const before = new Map(message.restart ? [] : counts.map((own) => [own.runId + ' ' + own.metric, own.sent]));
      [watch, sequence, isOnItsWay, bench.whole] = [message.watch, 0, false, undefined];
      counts = message.wanted.metrics.flatMap((metric) =>
        message.wanted.runIds.map((runId) => ({ runId, metric, run: index.get(runId) ?? 0, sent: before.get(runId + ' ' + metric) ?? 0 })));
      send();
    } else if (message.type === 'watched' && message.watch === watch && message.sequence === sequence) {
      isOnItsWay = false;
      send();
    }
  };
  const post = window.testPost;
  window.testPost = (message) => {
    if (message.type === 'watch' || message.type === 'watched') hear(message);
    else return post(message);
  };
  bench.append = (points) => {
    end += points;
    send();
  };
  bench.isSent = () => !isOnItsWay && counts.every(({ sent }) => sent === end);
}`;

export async function installFeed(page: Page, spec: PageFeedSpec): Promise<void> {
  await page.evaluate(`(${pagefeed})(${JSON.stringify(spec)})`);
}

export async function resetDrawn(page: Page): Promise<void> {
  await page.evaluate(
    'Object.assign(bench, { strokes: 0, frames: 0 }); bench.canvases.clear(); bench.events.length = 0',
  );
}

export function readDrawn(page: Page): Promise<Drawn> {
  return page.evaluate<Drawn>(
    '({ strokes: bench.strokes, canvases: bench.canvases.size, frames: bench.frames, at: bench.at })',
  );
}

/** When the page drew last, once it has drawn nothing for a while; `since`: what the page called so (`bench.whole`, `bench.input`, `bench.dragged`). */
export function untilDrawn(page: Page, since: 'whole' | 'input' | 'dragged', quietMs = 700): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve, reject) => {
    const end = performance.now() + ${PATIENCE_MS};
    const look = () => {
      const since = bench.${since};
      const isDrawn = since !== undefined && bench.at > since && bench.at >= bench.last;
      if (isDrawn && performance.now() - bench.last > ${quietMs}) resolve(bench.at - since);
      else if (performance.now() > end) reject(new Error('Nothing is drawn: ' + JSON.stringify(bench)));
      else setTimeout(look, 50);
    };
    look();
  })`);
}
