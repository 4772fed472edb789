// Package managers that people install with: which package each comes in, what is run of it, and how it is told to run no scripts.

/** @typedef {{ name: string, spec: string, program: string, node?: string, install: string[], files?: Record<string, string>, flags?: string[] }} Manager */

const npm = { program: 'npm/bin/npm-cli.js', install: ['install', '--ignore-scripts', '--no-audit', '--no-fund'] }
const pnpm = { program: 'pnpm/bin/pnpm.cjs', install: ['install', '--ignore-scripts'] }
const berry = { spec: '@yarnpkg/cli-dist@4', program: '@yarnpkg/cli-dist/bin/yarn.js', install: ['install'] }
const settings = (/** @type {string} */ linker) =>
  `nodeLinker: ${linker}\nenableScripts: false\nenableTelemetry: false\n`

/** @type {Manager[]} */
export const managers = [
  { name: 'npm 10', spec: 'npm@10', ...npm },
  { name: 'npm 11', spec: 'npm@11', ...npm },
  // The first that blocks scripts of its own accord. It needs a newer Node than 20.
  { name: 'npm 12', spec: 'npm@12', node: '24', ...npm },
  { name: 'pnpm 10', spec: 'pnpm@10', ...pnpm },
  { name: 'pnpm 12', spec: 'pnpm@12', node: '24', ...pnpm, program: 'pnpm/bin/pnpm.mjs' },
  {
    name: 'yarn 1',
    spec: 'yarn@1',
    program: 'yarn/bin/yarn.js',
    install: ['install', '--ignore-scripts', '--cache-folder', '.cache'],
  },
  { name: 'yarn 4', ...berry, files: { '.yarnrc.yml': settings('node-modules') } },
  {
    name: 'yarn 4 pnp',
    ...berry,
    files: { '.yarnrc.yml': settings('pnp') },
    flags: ['--require', './.pnp.cjs', '--loader', './.pnp.loader.mjs', '--no-warnings'],
  },
]
