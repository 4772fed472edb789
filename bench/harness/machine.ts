/** The machine that figures come from. */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

export interface Machine {
  readonly cpu: string
  /** Cores that Node may use. */
  readonly cores: number
  /** CPUs that the control group allows, if it limits them. */
  readonly cpuLimit?: number
  /** Memory in bytes. */
  readonly memory: number
  /** Such as `linux 6.1.0 x64`. */
  readonly system: string
  /** Type of the file system on which outputs are written. */
  readonly fileSystem: string
  /** By the name of the program or package. */
  readonly versions: Readonly<Record<string, string>>
}

/** Types of file systems that statfs(2) tells by number. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  16914836: 'tmpfs',
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlayfs',
  26985: 'nfs',
  801189825: 'zfs',
}

/** @param folder where outputs are written */
export function describeMachine(folder: string): Machine {
  const limit = cpuLimit()
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    ...(limit !== undefined && { cpuLimit: limit }),
    memory: totalmem(),
    system: `${process.platform} ${release()} ${process.arch}`,
    fileSystem: FILE_SYSTEMS[statfsSync(folder).type] ?? 'unknown',
    versions: { node: process.versions.node, v8: process.versions.v8, uv: process.versions.uv },
  }
}

/** CPUs that the control group of this process allows (cgroup v2, then v1). */
function cpuLimit(): number | undefined {
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined)
  const [quota, period] = (read('/sys/fs/cgroup/cpu.max') ?? '').split(' ')
  if (quota && quota !== 'max') return Number(quota) / Number(period)
  const older = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us') ?? -1)
  return older > 0 ? older / Number(read('/sys/fs/cgroup/cpu/cpu.cfs_period_us')) : undefined
}

/** First version number in what a command says; undefined if it does not run. */
export function versionOf(file: string, ...args: readonly string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' })
  return status === 0 ? /\d+(\.\d+)+/.exec(stdout + stderr)?.[0] : undefined
}
