// `npm run build`: everything in a clone. The package has all but the addon ready-made, and there this builds one for the machine it is on.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const steps = existsSync('lib') ? ['build:ts', 'build:wasm', 'build:addon'] : ['build:addon']
for (const step of steps) {
  const { status } = spawnSync('npm', ['run', '--silent', step], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.exit(status ?? 1)
}
