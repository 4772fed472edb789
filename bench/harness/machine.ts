/** The machine that figures come from. */

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import path from 'node:path'
import { cpuQuota, usableCpus } from '../../dist-lib/cpus.js'
import { python } from './commands.js'
import { ROOT } from './paths.js'

export interface Machine {
  readonly cpu: string
  /** CPUs that a process may use: by its affinity, and by the limit of the control group, rounded down. */
  readonly cores: number
  /** CPUs that the control group allows, if it limits them. */
  readonly cpuLimit?: number
  /** Memory in bytes. */
  readonly memory: number
  /** Such as `linux 6.1.0 x64`. */
  readonly system: string
  /** Type of the file system on which outputs are written; workloads that are written elsewhere say so. */
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

/** Type of the file system that a folder is on. */
export const fileSystemOf = (folder: string): string => FILE_SYSTEMS[statfsSync(folder).type] ?? 'unknown'

/** @param folder where outputs are written */
export function describeMachine(folder: string): Machine {
  const limit = cpuQuota()
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: usableCpus(),
    ...(limit !== null && { cpuLimit: limit }),
    memory: totalmem(),
    system: `${process.platform} ${release()} ${process.arch}`,
    fileSystem: fileSystemOf(folder),
    versions: versions(),
  }
}

/** Node packages that contenders use. */
const PACKAGES = ['piscina', 'tinypool', 'poolifier', 'workerpool', 'p-map', 'wavefile', 'bullmq', 'ioredis']

/** Other programs that contenders use or are compiled with, and how they tell their version. */
const PROGRAMS: readonly (readonly [name: string, flag: string])[] = [
  ['sox', '--version'],
  ['ffmpeg', '-version'],
  ['g++', '-dumpfullversion'],
  ['clang++', '--version'],
  ['redis-server', '--version'],
]

function versions(): Record<string, string> {
  const { node, v8, uv } = process.versions
  const found: [string, string | undefined][] = [
    ['node', node],
    ['v8', v8],
    ['uv', uv],
    ...pythonVersions(),
    ...PROGRAMS.map(([name, flag]): [string, string | undefined] => [name, versionOf(name, flag)]),
    ...PACKAGES.map((name): [string, string | undefined] => [name, packageVersion(name)]),
  ]
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** Prints the versions of Python and of packages as JSON, without importing them, which takes long. */
const PYTHON_VERSIONS = `
import json, platform
from importlib import metadata
def version(name):
    try:
        return metadata.version(name)
    except Exception:
        return None
print(json.dumps({'python': platform.python_version(), 'numpy': version('numpy'), 'scipy': version('scipy')}))
`

function pythonVersions(): [string, string | undefined][] {
  const { status, stdout } = spawnSync(python(), ['-c', PYTHON_VERSIONS], { encoding: 'utf8' })
  if (status !== 0) return []
  return Object.entries(JSON.parse(stdout) as Record<string, string | null>).map(([name, version]) => [
    name,
    version ?? undefined,
  ])
}

function packageVersion(name: string): string | undefined {
  const file = path.join(ROOT, 'node_modules', name, 'package.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined
}

/** First version number in what a command says; undefined if it does not run. */
function versionOf(file: string, ...args: readonly string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' })
  return status === 0 ? /\d+(\.\d+)+/.exec(stdout + stderr)?.[0] : undefined
}

export interface PackageVersion {
  readonly version: string
  readonly commit?: string
  readonly isChanged?: boolean
}

/** The version of the package in a folder. In a clone, also the commit, and whether files differ from it. */
export function describePackage(folder: string): PackageVersion {
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const git = (...args: readonly string[]) => {
    const { status, stdout } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' })
    return status === 0 ? stdout.trim() : undefined
  }
  // The folder may lie in another project's clone.
  const isClone = git('rev-parse', '--show-prefix') === '' && existsSync(path.join(folder, '.git'))
  const commit = isClone ? git('rev-parse', 'HEAD') : undefined
  if (commit === undefined) return { version }
  return { version, commit, isChanged: git('status', '--porcelain') !== '' }
}
