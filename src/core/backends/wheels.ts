// Names of wheels (PEP 427) and which of them holds libraries for a machine. The Python a wheel was made for does not matter:
// only its libraries are taken, and they are the same in each.

/** What decides whether a library can be loaded. */
export interface Machine {
  /** As Node calls it: linux, darwin, win32. */
  readonly platform: string;
  readonly arch: string;
  /** As `2.36`; null where the C library is another one (musl) or there is none. */
  readonly glibc: string | null;
}

interface WheelName {
  /** Normalized: lower case, words parted by `-`. */
  readonly project: string;
  readonly version: string;
  readonly platforms: readonly string[];
}

/** Undefined for what is no wheel's name. */
export function parseWheelName(file: string): WheelName | undefined {
  const match = /^([\w.]+)-([^-]+)(?:-\d[^-]*)?-[\w.]+-[\w.]+-([\w.]+)\.whl$/.exec(file);
  const [, project, version, platforms] = match ?? [];
  if (project === undefined || version === undefined || platforms === undefined) return undefined;
  return { project: project.toLowerCase().replaceAll(/[_.]+/g, '-'), version, platforms: platforms.split('.') };
}

/** Why the wheel's libraries can't be loaded on the machine, in a sentence; undefined when they can. */
export function checkWheel(file: string, machine: Machine): string | undefined {
  const wheel = parseWheelName(file);
  if (wheel === undefined) return `${file} is not the name of a wheel.`;
  if (wheel.platforms.some((tag) => fits(tag, machine))) return undefined;
  return `${file} is made for ${wheel.platforms.join(', ')}; this is ${describeMachine(machine)}.`;
}

export function describeMachine({ platform, arch, glibc }: Machine): string {
  return `${platform} ${arch}${platform !== 'linux' ? '' : glibc === null ? ' without glibc' : ` with glibc ${glibc}`}`;
}

const architectures: Readonly<Partial<Record<string, string>>> = { x64: 'x86_64', arm64: 'aarch64' };
/** The old names of manylinux tags and the glibc that each stands for (PEP 600). */
const oldTags: Readonly<Partial<Record<string, string>>> = {
  manylinux1: '2.5',
  manylinux2010: '2.12',
  manylinux2014: '2.17',
};

function fits(tag: string, { platform, arch, glibc }: Machine): boolean {
  const match = /^(manylinux(?:1|2010|2014|_(\d+)_(\d+)))_(\w+)$/.exec(tag);
  if (match === null || platform !== 'linux' || glibc === null) return false;
  const [, name = '', major, minor, cpu] = match;
  const needed = oldTags[name] ?? `${major ?? ''}.${minor ?? ''}`;
  return cpu === architectures[arch] && compareVersions(needed, glibc) <= 0;
}

interface File {
  readonly name: string;
  readonly isYanked: boolean;
}

/** The newest finished version's wheel for the machine, of those that `accepts` takes; undefined when there is none. */
export function chooseWheel<T extends File>(
  files: readonly T[],
  machine: Machine,
  accepts: (version: string) => boolean = () => true,
): T | undefined {
  const fitting = files.flatMap((file) => {
    const wheel = parseWheelName(file.name);
    const isGood = wheel !== undefined && !file.isYanked && isFinished(wheel.version) && accepts(wheel.version);
    return isGood && checkWheel(file.name, machine) === undefined ? [{ file, version: wheel.version }] : [];
  });
  return fitting.sort((a, b) => compareVersions(b.version, a.version))[0]?.file;
}

/** Numbers and dots only, maybe with a build's own mark: no candidate, no development version. */
function isFinished(version: string): boolean {
  return /^\d+(\.\d+)*(\.post\d+)?(\+.*)?$/.test(version);
}

/** By the numbers, missing ones counted as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('+')[0]?.match(/\d+/g)?.map(Number) ?? []);
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index++) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
