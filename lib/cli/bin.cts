#!/usr/bin/env node
// CommonJS, because libuv sizes its pool at its first work, and loading an ES module is work for it: by then it is too late
// to ask for more threads. Two more than jobs, so that file system calls and name look-ups of others always find one.
import os = require('node:os')
import util = require('node:util')
import v8 = require('node:v8')

const args = process.argv.slice(2)
const { values } = util.parseArgs({ args, options: { jobs: { type: 'string' } }, strict: false })
const given = typeof values.jobs === 'string' ? Number(values.jobs) : 0
const jobs = given >= 1 ? given : os.availableParallelism()
process.env.UV_THREADPOOL_SIZE ??= String(Math.min(1024, 2 + jobs))

// A hundred thousand files leave little behind each, and V8 would rather take 50 MB a thread than look at it: 1 MB for what is new does as well.
v8.setFlagsFromString('--semi-space-growth-factor=1')
v8.setFlagsFromString('--max-semi-space-size=1')

// main.js and all that it needs, in one file; see rolldown.config.js.
const { main } = require('../cli.cjs') as typeof import('./main.js', { with: { 'resolution-mode': 'import' }})
main(args)
