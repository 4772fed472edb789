// Whether all binaries are there that a release has; without one of them it is not published.
import { existsSync } from 'node:fs'

const linux = ['x64', 'arm64'].flatMap((arch) =>
  ['glibc', 'musl'].map((libc) => `linux-${arch}/noisemill.${libc}.node`),
)
const others = ['darwin-x64', 'darwin-arm64', 'win32-x64'].map((name) => `${name}/noisemill.node`)
const missing = [...linux, ...others].filter((file) => !existsSync(`prebuilds/${file}`))
for (const file of missing) console.error(`prebuilds/${file} is missing`)
process.exitCode = missing.length === 0 ? 0 : 1
