/** How many CPUs this process may use. */

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'

/** CPUs for this process: its affinity, which Node knows, and the quota of its container, which Node knows from libuv 1.49 on. */
export function usableCpus(quota = cpuQuota()): number {
  // Rounded down, as libuv and Rust do: a thread more than the quota allows makes all of them wait.
  return Math.max(1, Math.min(availableParallelism(), Math.floor(quota ?? Number.POSITIVE_INFINITY)))
}

/**
 * The CPU quota of the control groups (cgroups) that this process is in: as many CPUs' time as it gets, 1.5 for example. Null if there
 * is none. Docker sets one for `--cpus`, Kubernetes for a limit of `cpu`.
 *
 * @param root the folder that /proc and /sys are in
 */
export function cpuQuota(root = '/'): number | null {
  const read = (file: string): string => {
    try {
      return readFileSync(path.join(root, file), 'utf8')
    } catch {
      // Another system, a controller that is off, or a path that may not be read: nothing that limits.
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

/** `cpu.max` holds `QUOTA PERIOD` in microseconds, or `max PERIOD`. */
function quotaOf2(read: Read, folder: string): number {
  const [quota, period] = read(`${folder}/cpu.max`).split(/\s/).map(Number)
  return ratio(quota, period)
}

/** The quota is -1 if there is none. */
function quotaOf1(read: Read, folder: string): number {
  return ratio(Number(read(`${folder}/cpu.cfs_quota_us`)), Number(read(`${folder}/cpu.cfs_period_us`)))
}

const ratio = (quota: number, period: number): number =>
  quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY

interface Hierarchy {
  readonly version: 1 | 2
  /** The folder of the process's group, and of those that the group is in: each may have a quota. */
  readonly folders: readonly string[]
}

/** Both versions may be mounted at the same time, and only one of them has the CPU controller. */
function groupFolders(read: Read): Hierarchy[] {
  // ID:CONTROLLERS:PATH, where version 2 has no controllers.
  const groups = read('proc/self/cgroup').split('\n')
  const groupOf = (isOurs: (controllers: string) => boolean): string | undefined => {
    const line = groups.find((line) => isOurs(line.split(':')[1] ?? 'none'))
    return line?.split(':').slice(2).join(':')
  }
  const own = { 1: groupOf((names) => names.split(',').includes('cpu')), 2: groupOf((names) => names === '') }
  // ID PARENT DEVICE ROOT PLACE OPTIONS... - TYPE SOURCE OPTIONS
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

/** Spaces and the like are octal numbers in mountinfo. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))

/** From the group's folder up to where its hierarchy is mounted. */
function foldersUp(place: string, below: string): string[] {
  // A container may see only its own group, under a name that the mount does not have.
  const names = below.startsWith('..') ? [] : below.split('/').filter((name) => name !== '')
  return Array.from({ length: names.length + 1 }, (_, i) => [place, ...names.slice(0, i)].join('/'))
}
