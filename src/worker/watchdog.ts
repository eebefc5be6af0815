import { Worker } from 'node:worker_threads';

/**
 * Ends this process when its parent is gone, even while user code or a slow backend keeps the main thread busy for minutes
 * (the end of the channel is then not seen): a small thread looks once a second and gives the main thread three more to end
 * by itself. A parent that died is known by the new parent that the system gave us, or, on Windows, by its pid being free.
 */
export function watchParent(): void {
  const source = `
    const parent = ${process.ppid};
    const isGone = () => {
      if (process.ppid !== parent) return true;
      try { process.kill(parent, 0); return false; } catch (error) { return error.code === 'ESRCH'; }
    };
    const timer = setInterval(() => {
      if (!isGone()) return;
      clearInterval(timer);
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 3000);
    }, 1000);
  `;
  new Worker(source, {
    eval: true,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  }).unref();
}
