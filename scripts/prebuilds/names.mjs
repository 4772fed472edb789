// Names the binaries that a release has, from the folder prebuilds on.
const linux = ['x64', 'arm64'].flatMap((arch) =>
  ['glibc', 'musl'].map((libc) => `linux-${arch}/noisemill.${libc}.node`),
)

export const names = [...linux, ...['darwin-x64', 'darwin-arm64', 'win32-x64'].map((name) => `${name}/noisemill.node`)]
