// TypeScript's output is not executable; npm sets the bit only for installed packages.
import { chmodSync } from 'node:fs'

if (process.platform !== 'win32') chmodSync('dist/cli/bin.cjs', 0o755)
