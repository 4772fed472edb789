// Paths of the binaries of a release, in the folder prebuilds.
const linux = ['x64', 'arm64'].flatMap((arch) =>
  ['glibc', 'musl'].map((libc) => `linux-${arch}/noisemill.${libc}.node`),
)

export const names = [...linux, ...['darwin-x64', 'darwin-arm64', 'win32-x64'].map((name) => `${name}/noisemill.node`)]
