/** Milliseconds since some moment, as `performance.now()`: put in its place by the build (quickstart.ts). */
export function monotonicNow() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
