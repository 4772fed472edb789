// Makes dist, which is what the package has, of dist-lib, which has a module for each of lib's and is there for tests and
// benchmarks. Loading modules one by one takes longer than a short file's noise. Dependencies stay outside.
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { dts } from 'rolldown-plugin-dts'

const external = /^[a-z]/
const common = { external, platform: 'node', logLevel: 'warn' }
/** Editors show the docstrings of index.d.ts. Node would have to read those in programs whenever it starts. */
const comments = { jsdoc: false }

/** CommonJS of few lines, which sets flags of V8 before the bundle is loaded. */
const bin = {
  name: 'bin',
  writeBundle() {
    mkdirSync('dist/cli', { recursive: true })
    copyFileSync('dist-lib/cli/bin.cjs', 'dist/cli/bin.cjs')
    chmodSync('dist/cli/bin.cjs', 0o755)
  },
}

/**
 * Puts each docstring on a line of its own: after a field on the same line, TypeScript takes it for a part of that
 * field, and shows it nowhere. rolldown-plugin-dts writes those of object types so, in the versions that Node 20 runs.
 */
const docstrings = {
  name: 'docstrings',
  renderChunk: (code) => code.replace(/; (\/\*\* .*\*\/)$/gm, ';\n    $1'),
}

export default [
  {
    ...common,
    // Besides index those that workers begin with.
    input: {
      index: 'dist-lib/index.js',
      'thread-entry': 'dist-lib/backends/thread-entry.js',
      'process-entry': 'dist-lib/backends/process-entry.js',
      'demo-tone': 'dist-lib/demo/tone.js',
      'demo-pitfall-tasks': 'dist-lib/demo/pitfall-tasks.js',
    },
    output: {
      dir: 'dist',
      format: 'esm',
      comments,
      // What several of them need is in one file, because Node needs some time for each.
      chunkFileNames: '[name].js',
      codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
    },
  },
  // In an ES module the command would start later, see cli/bin.cts.
  {
    ...common,
    input: 'dist-lib/cli/main.js',
    output: { file: 'dist/cli.cjs', format: 'cjs', comments },
    plugins: [bin],
  },
  {
    ...common,
    input: { index: 'dist-lib/index.d.ts' },
    plugins: [dts({ dtsInput: true, emitDtsOnly: true }), docstrings],
    output: { dir: 'dist', format: 'esm' },
  },
]
