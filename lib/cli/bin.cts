#!/usr/bin/env node
// CommonJS, because libuv sizes its pool at its first work, and loading an ES module is work for it: by then it is too late
// to ask for more threads. Two more than jobs, so that file system calls and name look-ups of others always find one.
import os = require('node:os')

const given = [
  ...process.argv
    .slice(2)
    .join('\0')
    .matchAll(/(?:^|\0)--jobs[=\0]([^\0]+)/g),
].at(-1)?.[1]
const jobs = Number(given) >= 1 ? Number(given) : os.availableParallelism()
process.env.UV_THREADPOOL_SIZE ??= String(Math.min(1024, 2 + jobs))

// main.js and all that it needs, in one file; see rolldown.config.js.
const { main } = require('../cli.cjs') as typeof import('./main.js', { with: { 'resolution-mode': 'import' }})
main(process.argv.slice(2))
