/** CPU quotas of control groups, in the layouts that systems and containers have. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { cpuQuota, usableCpus } from '../dist-lib/cpus.js'
import { writeFiles } from './support/files.js'
import { temporaryFolder } from './support/folders.js'
import { bin } from './support/programs.js'

/** The quota where these files are below the root. */
function quotaIn(files: Readonly<Record<string, string>>): number | null {
  const root = temporaryFolder()
  const lines = Object.entries(files).map(([name, text]) => [name, Buffer.from(`${text}\n`)])
  writeFiles(root, Object.fromEntries(lines))
  return cpuQuota(root)
}

const mount2 = (top: string, place: string) =>
  `30 23 0:26 ${top} ${place} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate`
const mount1 = (names: string, top: string, place: string) =>
  `33 32 0:30 ${top} ${place} rw,nosuid,nodev shared:9 - cgroup cgroup rw,${names}`

test('version 2: a container that sees its own group alone', () => {
  const files = { 'proc/self/cgroup': '0::/', 'proc/self/mountinfo': mount2('/', '/sys/fs/cgroup') }
  expect(quotaIn({ ...files, 'sys/fs/cgroup/cpu.max': '150000 100000' })).toBe(1.5)
  expect(quotaIn({ ...files, 'sys/fs/cgroup/cpu.max': 'max 100000' })).toBe(null)
  expect(quotaIn(files)).toBe(null)
})

test('version 2: the smallest quota of the group and those that it is in', () => {
  const files = {
    'proc/self/cgroup': '0::/user.slice/user-1000.slice/run.scope',
    'proc/self/mountinfo': mount2('/', '/sys/fs/cgroup'),
    'sys/fs/cgroup/user.slice/cpu.max': '400000 100000',
    'sys/fs/cgroup/user.slice/user-1000.slice/cpu.max': '100000 50000',
    'sys/fs/cgroup/other.slice/cpu.max': '1000 100000',
  }
  expect(quotaIn(files)).toBe(2)
  const run = 'sys/fs/cgroup/user.slice/user-1000.slice/run.scope/cpu.max'
  expect(quotaIn({ ...files, [run]: 'max 100000' })).toBe(2)
  expect(quotaIn({ ...files, [run]: '30000 100000' })).toBe(0.3)
})

test('version 1: the group of the CPU controller, and those that it is in', () => {
  const files = {
    'proc/self/cgroup': '12:cpuset:/x\n4:cpu,cpuacct:/docker/ab:c\n1:name=systemd:/docker/ab:c\n0::/',
    'proc/self/mountinfo': [
      mount1('cpuset', '/', '/sys/fs/cgroup/cpuset'),
      mount1('cpu,cpuacct', '/', '/sys/fs/cgroup/cpu,cpuacct'),
      mount2('/', '/sys/fs/cgroup/unified'),
    ].join('\n'),
    'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1',
    'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
    'sys/fs/cgroup/cpu,cpuacct/docker/ab:c/cpu.cfs_quota_us': '250000',
    'sys/fs/cgroup/cpu,cpuacct/docker/ab:c/cpu.cfs_period_us': '100000',
  }
  expect(quotaIn(files)).toBe(2.5)
  expect(quotaIn({ ...files, 'proc/self/cgroup': '4:cpuacct,cpuset:/\n3:cpu:/' })).toBe(null)
})

test('version 1: a container in which the path of the group is that of the host', () => {
  const files = (top: string, group: string) => ({
    'proc/self/cgroup': `4:cpu,cpuacct:${group}`,
    'proc/self/mountinfo': mount1('cpu,cpuacct', top, '/sys/fs/cgroup/a\\040b'),
    'sys/fs/cgroup/a b/cpu.cfs_quota_us': '300000',
    'sys/fs/cgroup/a b/cpu.cfs_period_us': '100000',
  })
  expect(quotaIn(files('/docker/abc', '/docker/abc'))).toBe(3)
  expect(quotaIn(files('/docker/abc', '/'))).toBe(3)
  expect(quotaIn(files('/', '/../../elsewhere'))).toBe(3)
})

test('missing or invalid files mean no quota', () => {
  expect(quotaIn({})).toBe(null)
  const files = { 'proc/self/cgroup': '0::/', 'proc/self/mountinfo': `\n${mount2('/', '/c')}\nnot a mount` }
  for (const text of ['', '0 100000', '-1 100000', '100000 0', '100000', 'many some'])
    expect(quotaIn({ ...files, 'c/cpu.max': text }), text).toBe(null)
})

test('a quota is rounded down, and is one CPU at least', () => {
  const all = availableParallelism()
  expect([0.3, 1, 1.9, all + 0.5, all + 9, null].map(usableCpus)).toEqual([1, 1, 1, all, all, all])
})

test('a pool in a group with a quota has as many threads (needs root, and control groups of version 1)', ({ skip }) => {
  let group = ''
  try {
    const [, ours] = /:cpu:(.*)/.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? []
    group = path.join('/sys/fs/cgroup/cpu', ours ?? 'none', `test-${process.pid}`)
    mkdirSync(group)
    onTestFinished(() => rmdirSync(group))
    writeFileSync(path.join(group, 'cpu.cfs_quota_us'), '190000')
  } catch {
    skip('control groups cannot be made')
  }
  const shell = `echo $$ > ${group}/cgroup.procs && exec "$@"`
  const { stdout } = spawnSync('sh', ['-c', shell, 'sh', process.execPath, bin, 'info', '--json'], { encoding: 'utf8' })
  expect(JSON.parse(stdout)).toMatchObject({ cpuQuota: 1.9, cpus: 1, size: 1, threads: 1 })
})
