// Makes dist, which is what the package has, of dist-lib, which has a module for each of lib's and is there for tests and
// benchmarks. Loading modules one by one takes longer than a short file's noise. Dependencies stay outside.
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { minifySync } from 'rolldown/utils'
import { dts } from 'rolldown-plugin-dts'

/** Packages that are part of the bundle, because users need not install them. */
const bundled = /^(echarts|zrender|tslib)(\/|$)/
const external = (id) => /^[a-z]/.test(id) && !bundled.test(id)
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

/** Leaves the package's own entry outside of a bundle that lies beside it. */
const ownPackage = {
  name: 'own-package',
  resolveId: (id) => (id === '../index.js' ? { id: './index.js', external: true } : null),
}

/** Leaves the types that the package's own entry exports outside: two copies of a class are different types. */
const ownTypes = {
  name: 'own-types',
  resolveId: (id) => (/\/(backend|errors)\.js$/.test(id) ? { id: './index.js', external: true } : null),
}

/** Makes the pages of the demo small: they contain the library for charts. Nobody debugs that here. */
const small = {
  name: 'small',
  // After rolldown's own printing, which would add spaces again.
  generateBundle(_, files) {
    const pages = files['pages.cjs']
    const notice = '/*! Contains parts of echarts, zrender and tslib, minified; see THIRD-PARTY-NOTICES.md. */\n'
    pages.code = notice + minifySync(pages.fileName, pages.code, { module: false }).code
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
      'demo-cores': 'dist-lib/demo/cores-thread.js',
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
  // Like a program of a user, it imports the package. In the group above, it would move all of index.js into the file that
  // each worker loads.
  {
    ...common,
    input: { 'demo-etl': 'dist-lib/demo/etl.js' },
    plugins: [ownPackage],
    output: { dir: 'dist', format: 'esm', comments },
  },
  // For the same reason, the queue imports the package too. Its packages are optional.
  {
    ...common,
    input: { bullmq: 'dist-lib/remote/bullmq.js' },
    plugins: [ownPackage],
    output: { dir: 'dist', format: 'esm', comments },
  },
  // In an ES module the command would start later, see cli/bin.cts.
  {
    ...common,
    input: { cli: 'dist-lib/cli/main.js' },
    // The pages use what the command has loaded.
    preserveEntrySignatures: 'allow-extension',
    // The pages of the demo, which it imports when it needs them, are in pages.cjs.
    output: { dir: 'dist', format: 'cjs', comments, entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs' },
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    plugins: [bin, small],
  },
  {
    ...common,
    input: { index: 'dist-lib/index.d.ts' },
    plugins: [dts({ dtsInput: true, emitDtsOnly: true }), docstrings],
    output: { dir: 'dist', format: 'esm' },
  },
  {
    ...common,
    input: { bullmq: 'dist-lib/remote/bullmq.d.ts' },
    plugins: [ownTypes, dts({ dtsInput: true, emitDtsOnly: true }), docstrings],
    output: { dir: 'dist', format: 'esm' },
  },
]
