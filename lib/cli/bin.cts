#!/usr/bin/env node
// CommonJS, because Node loads it faster than an ES module.
import v8 = require('node:v8')

// Worker threads leave little behind for each file, and 1 MB for what is new does as well as V8's 16 MB. The main thread
// keeps what it has: with 1 MB, moving the files in progress out of the way would take a quarter of its time.
v8.setFlagsFromString('--max-semi-space-size=1')
// The other threads have files to work on, and such a collection takes less than a millisecond.
v8.setFlagsFromString('--no-parallel-scavenge')

// main.js and all that it needs, in one file; see rolldown.config.js.
const { main } = require('../cli.cjs') as typeof import('./main.js', { with: { 'resolution-mode': 'import' }})
main(process.argv.slice(2))
