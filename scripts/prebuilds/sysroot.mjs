// Makes the folder that the Linux binaries are compiled against. It has the headers and libraries
// of Debian 11 for an architecture, so that the binaries load wherever Node 20 runs. They come from
// Debian's packages, which are pinned by hashes.
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { run } from '../commands.mjs'

/** APT's download program. It uses the system's proxies and certificates, and checks hashes. */
const APT_HELPER = '/usr/lib/apt/apt-helper'

const packages = {
  x64: [
    ['glibc/libc6_2.31-13+deb11u11_amd64', '05f7264da867b37f4c5ce49266b558ea1e81e05a9464f623152fca70f3550282'],
    ['glibc/libc6-dev_2.31-13+deb11u11_amd64', 'e7f7b45d9c5cfcf37609f0b6efd3c645272c812144703af89dfd32218fcb0fd3'],
    ['linux/linux-libc-dev_5.10.223-1_amd64', 'e3be603bd12377bb90fcfb0f2048ca3a81c886e49d6f09945b82159d1c54f7b2'],
    ['gcc-10/libgcc-s1_10.2.1-6_amd64', 'e478f2709d8474165bb664de42e16950c391f30eaa55bc9b3573281d83a29daf'],
    ['gcc-10/libgcc-10-dev_10.2.1-6_amd64', '3b711374092b84e732c4e73cf33e02cff02e34a5f105eb6467de8d9038e4cd9d'],
    ['gcc-10/libstdc++-10-dev_10.2.1-6_amd64', '20b1f56863dcc5f187d6cb53b2aa6149bd013be4ec67e10c2c31a22fda619a01'],
  ],
  arm64: [
    ['glibc/libc6_2.31-13+deb11u11_arm64', 'baaa9aa184e2f21738c5819055e6740cc5b22f198e3f416e33f82b40ff6933d8'],
    ['glibc/libc6-dev_2.31-13+deb11u11_arm64', '28d478134722dcd4b0bd2045a199301d18713bf95947b9fce66634e7aeacab2e'],
    ['linux/linux-libc-dev_5.10.223-1_arm64', '8b6374a64412d33eac61d74f77b8f932da4b8a707ea8a614791e2a35b8917618'],
    ['gcc-10/libgcc-s1_10.2.1-6_arm64', 'e2fcdb378d3c1ad1bcb64d4fb6b37aab44011152beca12a4944f435a2582df1f'],
    ['gcc-10/libgcc-10-dev_10.2.1-6_arm64', '80fc73d339ada2e194175afe83cd89014565242153b6e3c2128849d8817da367'],
    ['gcc-10/libstdc++-10-dev_10.2.1-6_arm64', 'cee7ca63613b50a8a51cc670db385c7e6d1181b72c94148fc8b7992e4570782d'],
  ],
}

/** Returns the folder for an architecture. The first call makes it. */
export function sysrootFor(arch) {
  const folder = path.resolve('build-checks', `sysroot-${arch}`)
  if (existsSync(folder)) return folder
  const unfinished = `${folder}.tmp`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  const mirrors = findMirrors()
  for (const [name, sha256] of packages[arch]) unpack(name, sha256, mirrors, unfinished)
  mendLinks(unfinished, unfinished)
  hideClockWait(unfinished)
  renameSync(unfinished, folder)
  return folder
}

/**
 * Returns the mirrors to try. A mirror has the packages of all suites in one pool. So the mirrors
 * of this system's suite also have Debian 11, until it is archived.
 */
function findMirrors() {
  if (process.env.DEBIAN_MIRROR) return [process.env.DEBIAN_MIRROR]
  const printed = run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'])
  return [...new Set(printed.split('\n').filter(Boolean))]
}

function unpack(name, sha256, mirrors, folder) {
  const file = path.join(folder, 'package.deb')
  const source = name.startsWith('linux/') ? `l/${name}` : `g/${name}`
  download(`pool/main/${source}.deb`, sha256, mirrors, file)
  execFileSync('dpkg-deb', ['-x', file, folder])
  unlinkSync(file)
}

/** Downloads a package from the first mirror that has it. */
function download(name, sha256, mirrors, file) {
  const faults = []
  for (const mirror of mirrors) {
    try {
      run(APT_HELPER, ['download-file', `${mirror.replace(/\/$/, '')}/${name}`, file, `SHA256:${sha256}`])
      return
    } catch (error) {
      faults.push(error.message)
    }
  }
  throw new Error(`${faults.join('\n')}\nno mirror has ${name}: set DEBIAN_MIRROR to the address of one that has Debian 11`)
}

/** Makes absolute symbolic links relative, because they refer to files in the folder. */
function mendLinks(folder, root) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) mendLinks(file, root)
    if (!entry.isSymbolicLink() || !path.isAbsolute(readlinkSync(file))) continue
    const target = path.relative(folder, path.join(root, readlinkSync(file)))
    unlinkSync(file)
    symlinkSync(target, file)
  }
}

/**
 * Removes the use of pthread_cond_clockwait from libstdc++, because that function needs glibc 2.30.
 */
function hideClockWait(folder) {
  const triples = readdirSync(path.join(folder, 'usr/include')).filter((name) => name.endsWith('-linux-gnu'))
  const file = path.join(folder, 'usr/include', triples[0], 'c++/10/bits/c++config.h')
  const text = readFileSync(file, 'utf8')
  const changed = text.replace('#define _GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT 1', '')
  if (changed === text) throw new Error(`${file} does not say that there is pthread_cond_clockwait`)
  writeFileSync(file, changed)
}
