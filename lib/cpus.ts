/** Counts the CPUs that this process may use. */

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'

/**
 * Returns how many CPUs this process may use, at least 1: the smaller of its affinity and the quota
 * of its container. Node reports the affinity, but considers the quota only from libuv 1.49 on.
 */
export function usableCpus(quota = cpuQuota()): number {
  // Rounded down, as in libuv and Rust, because one thread more than the quota allows makes all
  // threads wait.
  return Math.max(1, Math.min(availableParallelism(), Math.floor(quota ?? Number.POSITIVE_INFINITY)))
}

/**
 * Reads the CPU quota of this process's control groups (cgroups), in CPUs: 1.5, for example. Null
 * if there is no quota. Docker sets one for `--cpus`, and Kubernetes for a limit of `cpu`.
 *
 * @param root the folder that contains /proc and /sys
 */
export function cpuQuota(root = '/'): number | null {
  const read = (file: string): string => {
    try {
      return readFileSync(path.join(root, file), 'utf8')
    } catch {
      // Not Linux, a controller that is off, or a path that may not be read: there is no known
      // quota.
      return ''
    }
  }
  const quotas = groupFolders(read).flatMap(({ version, folders }) =>
    folders.map((folder) => (version === 2 ? quotaOf2(read, folder) : quotaOf1(read, folder))),
  )
  const least = Math.min(...quotas)
  return Number.isFinite(least) ? least : null
}

type Read = (file: string) => string

/**
 * Reads a quota of cgroup version 2: `cpu.max` contains `QUOTA PERIOD` in microseconds, or `max
 * PERIOD`.
 */
function quotaOf2(read: Read, folder: string): number {
  const [quota, period] = read(`${folder}/cpu.max`).split(/\s/).map(Number)
  return ratio(quota, period)
}

/** Reads a quota of cgroup version 1, which is -1 if there is no limit. */
function quotaOf1(read: Read, folder: string): number {
  return ratio(Number(read(`${folder}/cpu.cfs_quota_us`)), Number(read(`${folder}/cpu.cfs_period_us`)))
}

const ratio = (quota: number, period: number): number =>
  quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY

interface Hierarchy {
  readonly version: 1 | 2
  /**
   * The folders of the process's group and of the groups that contain it. Each may have a quota.
   */
  readonly folders: readonly string[]
}

/**
 * Finds the folders of this process's groups. Both versions may be mounted, but only one has the
 * CPU controller.
 */
function groupFolders(read: Read): Hierarchy[] {
  // Each line is ID:CONTROLLERS:PATH. For version 2, CONTROLLERS is empty.
  const groups = read('proc/self/cgroup').split('\n')
  const groupOf = (isOurs: (controllers: string) => boolean): string | undefined => {
    const line = groups.find((line) => isOurs(line.split(':')[1] ?? 'none'))
    return line?.split(':').slice(2).join(':')
  }
  const own = { 1: groupOf((names) => names.split(',').includes('cpu')), 2: groupOf((names) => names === '') }
  // Each line is ID PARENT DEVICE ROOT PLACE OPTIONS... - TYPE SOURCE OPTIONS.
  return read('proc/self/mountinfo')
    .split('\n')
    .flatMap((line) => {
      const [mount, device = ''] = line.split(' - ')
      const [type, , options = ''] = device.split(' ')
      const version = type === 'cgroup2' ? 2 : type === 'cgroup' && options.split(',').includes('cpu') ? 1 : undefined
      const group = version && own[version]
      if (version === undefined || group === undefined) return []
      const [, , , top, place] = mount.split(' ').map(unescaped)
      return [{ version, folders: foldersUp(place, path.posix.relative(top, group)) }]
    })
}

/** Decodes the octal escapes that mountinfo uses for spaces and other special characters. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))

/** Lists the folders from the mount of the hierarchy down to the group. */
function foldersUp(place: string, below: string): string[] {
  // A container may see only its own group, mounted at the root. Its path in /proc then lies
  // outside the mount.
  const names = below.startsWith('..') ? [] : below.split('/').filter((name) => name !== '')
  return Array.from({ length: names.length + 1 }, (_, i) => [place, ...names.slice(0, i)].join('/'))
}
