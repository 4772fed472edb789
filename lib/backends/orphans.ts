/**
 * Ends worker processes if this process is killed. A process that is idle notices that its channel is
 * closed. One that is in a loop does not: a shell waits for the end of this process, and ends the
 * groups of all worker processes then. On Windows, the system does that.
 */

import type { ChildProcess } from 'node:child_process'

/** Keeps the groups that it is told of by lines `+ group` and `- group` until its input ends. */
const PROGRAM = `
trap '' INT TERM HUP QUIT
groups=
while read -r sign group; do
  case $sign in
  +) groups="$groups $group" ;;
  -)
    rest=
    for each in $groups; do [ "$each" = "$group" ] || rest="$rest $each"; done
    groups=$rest
    ;;
  esac
done
for group in $groups; do kill -9 "-$group"; done
`

const groups = new Set<number>()
let shell: ChildProcess | undefined

/** Notes the group of a process that must not outlive this one. */
export function outlive(group: number): void {
  if (process.platform === 'win32') return
  groups.add(group)
  shell ??= startShell()
  shell.stdin?.write(`+ ${group}\n`)
}

/** Notes that a process has ended. */
export function mourn(group: number): void {
  if (!groups.delete(group)) return
  shell?.stdin?.write(`- ${group}\n`)
  if (groups.size > 0) return
  shell?.stdin?.end()
  shell = undefined
}

function startShell(): ChildProcess {
  // Loaded here, because few programs need it and it takes one to two milliseconds.
  const { spawn } = process.getBuiltinModule('node:child_process')
  const started = spawn('/bin/sh', ['-c', PROGRAM], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  // Without a shell, processes in a loop outlive this one if it is killed.
  started.on('error', () => {})
  started.stdin?.on('error', () => {})
  started.unref()
  ;(started.stdin as unknown as { unref(): void }).unref()
  return started
}
