import { createHash, randomBytes, type Hash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { makeFolderSync, temporaryBeside } from '../files/files.ts';
import { PROTECTED, codeOf, isProtected } from './filefacts.ts';

export const CHUNK_BYTES = 1 << 20;

export function writeBytes(file: string, bytes: Uint8Array): void {
  const handle = fs.openSync(file, 'wx', PROTECTED);
  try {
    for (let at = 0; at < bytes.length;) at += fs.writeSync(handle, bytes, at);
  } finally {
    fs.closeSync(handle);
  }
}

/** Puts objects into a cache: written beside in a folder of this job's own, then renamed; a whole object is never rewritten. */
export class Staging {
  readonly #objects: string;
  #folder: string | undefined;
  #count = 0;

  constructor(cache: string) {
    this.#objects = objectsFolder(cache);
  }

  name(): string {
    if (this.#folder === undefined) {
      this.#folder = temporaryBeside(path.join(this.#objects, randomBytes(4).toString('hex')));
      makeFolderSync(this.#folder);
    }
    this.#count += 1;
    return path.join(this.#folder, String(this.#count));
  }

  /** True for the hash of a whole object; all zeros stand for no hash. */
  holds(md5: Buffer): boolean {
    return md5.some((byte) => byte !== 0) && isWhole(this.#pathOf(md5.toString('hex')), md5.toString('hex'));
  }

  place(md5: string, fill: (temporary: string) => void): void {
    const target = this.#pathOf(md5);
    if (isWhole(target, md5)) return;
    const temporary = this.name();
    fill(temporary);
    protect(temporary);
    try {
      fs.renameSync(temporary, target);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      makeFolderSync(path.dirname(target));
      fs.renameSync(temporary, target);
    }
  }

  #pathOf(md5: string): string {
    return path.join(this.#objects, md5.slice(0, 2), md5.slice(2));
  }

  close(): void {
    if (this.#folder !== undefined) fs.rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Where a cache keeps its objects by the md5 of their bytes. */
export function objectsFolder(cache: string): string {
  return path.join(cache, 'files', 'md5');
}

/** Puts one text into the cache. */
export function placeText(cache: string, name: string, text: string): void {
  const staging = new Staging(cache);
  try {
    staging.place(name, (temporary) => writeBytes(temporary, Buffer.from(text)));
  } finally {
    staging.close();
  }
}

/** A read-only object counts as whole, as in DVC; any other is hashed again. */
function isWhole(object: string, md5: string): boolean {
  const stat = fs.statSync(object, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  return isProtected(stat.mode) || (stat.isFile() && hashNow(object) === md5.replace(/\.dir$/, ''));
}

function hashNow(file: string): string {
  const hasher: Hash = createHash('md5');
  const handle = fs.openSync(file, 'r');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  try {
    for (let count = fs.readSync(handle, buffer); count > 0; count = fs.readSync(handle, buffer))
      hasher.update(buffer.subarray(0, count));
  } finally {
    fs.closeSync(handle);
  }
  return hasher.digest('hex');
}

function protect(file: string): void {
  const { mode } = fs.statSync(file);
  if (!isProtected(mode)) fs.chmodSync(file, PROTECTED);
}
