/** Draws at most once in so many milliseconds, however often it is asked to, and only when the page is being shown. */
export function createRhythm(pause: number, draw: () => void): { request(): void; now(): void } {
  let last = -Infinity;
  let isAsked = false;
  const perform = (): void => {
    requestAnimationFrame(() => {
      if (!isAsked) return;
      isAsked = false;
      last = performance.now();
      draw();
    });
  };
  return {
    request() {
      if (isAsked) return;
      isAsked = true;
      setTimeout(perform, Math.max(0, last + pause - performance.now()));
    },
    /** What the user did shows in the next frame. */
    now() {
      isAsked = true;
      perform();
    },
  };
}
