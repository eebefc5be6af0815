// Mocha's own report for people, and the counts as a file for the last line of `npm test`.
'use strict';
const { mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { reporters } = require('mocha');

module.exports = class Tally extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.MLOPS_HOST_TALLY;
    if (file === undefined) return;
    const failures = [];
    runner.on('fail', (test, error) => {
      failures.push(`${test.fullTitle()}: ${String(error.message).split('\n', 1)[0]}`);
    });
    runner.once('end', () => {
      const { passes, failures: failed, pending } = this.stats;
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify({ passed: passes, failed, skipped: pending, failures }));
    });
  }
};
