#!/usr/bin/env node
// CommonJS, because Node loads it faster than an ES module.
import v8 = require('node:v8')

// A hundred thousand files leave little behind each, and V8 would rather take 50 MB a thread than look at it: 1 MB for what is new does as well.
v8.setFlagsFromString('--semi-space-growth-factor=1')
v8.setFlagsFromString('--max-semi-space-size=1')

// main.js and all that it needs, in one file; see rolldown.config.js.
const { main } = require('../cli.cjs') as typeof import('./main.js', { with: { 'resolution-mode': 'import' }})
main(process.argv.slice(2))
