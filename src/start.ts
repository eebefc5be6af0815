#!/usr/bin/env node
import { createRequire, enableCompileCache } from 'node:module';
import path from 'node:path';
import { cacheFolder } from './node/cachefolder/cachefolder.ts';

// `dist/cli.js`. Compiling half a megabyte is a third of what a short command takes, so its bytecode is kept: in a folder of the
// person alone (not in a shared one, as by default, since nothing checks that bytecode fits its source), and only while that can be written.
enableCompileCache(path.join(cacheFolder(process.env), 'compiled'));
createRequire(import.meta.filename)('./commandline.js');
