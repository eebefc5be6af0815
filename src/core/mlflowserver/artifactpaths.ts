/**
 * False for a path that is none below the artifacts' root, whatever a server says: it is made a file name here, and part of an
 * address there. Windows has its own separators and drives.
 */
export function isSafeArtifactPath(path: string): boolean {
  if (path === '' || /[\\\0]/.test(path) || /^[a-z]:/i.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** Each segment escaped on its own, so that `#`, `%` and `?` in names stay names. */
export function joinArtifactPath(...parts: readonly string[]): string {
  return parts
    .flatMap((part) => part.split('/'))
    .filter((part) => part !== '')
    .map((part) => encodeURIComponent(part))
    .join('/');
}
