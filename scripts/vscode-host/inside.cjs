// Runs inside the extension host, in the place of the real test runner, which it loads. Sends what that prints to a file, and
// leaves a second file when it has settled: a host that dies half-way must not look like tests that passed.
'use strict';
const fs = require('node:fs');
const { Console } = require('node:console');
const { Writable } = require('node:stream');
const { pathToFileURL } = require('node:url');

const { MLOPS_HOST_TESTS: tests, MLOPS_HOST_OUTPUT: output, MLOPS_HOST_RESULT: result } = process.env;
const descriptor = fs.openSync(output, 'a');
const stream = new Writable({
  write(chunk, _encoding, done) {
    fs.writeSync(descriptor, chunk);
    done();
  },
});

// The host guards these by accessors with an empty setter, so that assigning does nothing: they are defined anew.
const define = (target, key, value) =>
  Object.defineProperty(target, key, { value, writable: true, configurable: true });
const own = new Console({ stdout: stream, colorMode: false });
for (const key of Object.keys(own)) if (typeof own[key] === 'function') define(console, key, own[key].bind(own));
for (const name of ['stdout', 'stderr']) {
  const replaced = Object.create(process[name]);
  define(replaced, 'write', stream.write.bind(stream));
  define(process, name, replaced);
}

async function load() {
  try {
    return require(tests);
  } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM' && error.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    return import(pathToFileURL(require.resolve(tests)).href);
  }
}

exports.run = async () => {
  try {
    const { run } = await load();
    await run();
    fs.writeFileSync(result, JSON.stringify({ ok: true }));
  } catch (error) {
    fs.writeFileSync(result, JSON.stringify({ ok: false }));
    // The host prints it, on the console that is ours by now.
    throw error instanceof Error ? error : new Error(String(error));
  }
};
