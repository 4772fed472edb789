// Prints the sources of native core for binding.gyp, one per line. It omits those for Windows,
// where CMake builds. They are sorted, because file systems list them in different orders, and the
// order affects the bytes of the binary.
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { root } from './commands.mjs'

const folder = 'native/core'
const files = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
const sources = files.filter((file) => file.endsWith('.cc') && !file.endsWith('_win32.cc'))
for (const source of sources.sort()) console.log(`${folder}/${source}`)
