import type { Command } from '../commandline/commandline.ts';

export const commands: readonly Command[] = [];
