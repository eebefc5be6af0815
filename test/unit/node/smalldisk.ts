import { execFileSync } from 'node:child_process';

/** Whether a test may have a small disk of its own, which needs root; the reason is printed where it may not. */
export function canMount(): boolean {
  try {
    execFileSync('sh', ['-c', 'd=$(mktemp -d) && mount -t tmpfs -o size=64k tmpfs "$d" && umount "$d" && rmdir "$d"'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    console.warn('SKIPPED: the full-disk test needs the right to mount a tmpfs');
    return false;
  }
}
