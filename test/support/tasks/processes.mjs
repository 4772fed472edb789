/** Functions for worker processes. They note each call in a file, because they share no memory with the test. */

import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const never = () => new Promise(() => {})

const ways = {
  spins() {
    for (;;);
  },
  'is killed': () => process.kill(process.pid, 'SIGKILL'),
  'is stopped': () => process.kill(process.pid, 'SIGSTOP'),
  'crashes natively': () => process.kill(process.pid, 'SIGSEGV'),
  aborts: () => process.abort(),
  exits: () => process.exit(3),
  'throws where nobody catches it': () => {
    setTimeout(() => {
      throw new RangeError('thrown late')
    })
    return never()
  },
  'closes its channel': () => {
    process.disconnect()
    return never()
  },
  'never settles': never,
}

/** Notes its item, and misbehaves in its way if it has one. */
export async function act({ value, log, way, milliseconds }) {
  appendFileSync(log, `${value} `)
  if (milliseconds) await sleep(milliseconds)
  if (way) await ways[way]()
  return value
}

export const pid = () => process.pid
export const place = () => ({
  folder: process.cwd(),
  title: process.title,
  own: process.env.OWN,
  flags: process.execArgv,
})
export const changeFolder = (folder) => process.chdir(folder)

/** Starts a process and leaves it behind. */
export const leave = () => spawn('sleep', ['1000'], { stdio: 'ignore' }).pid

export const print = (text) => {
  process.stdout.write(text)
  return text.length
}

/** Tells what the program can see of the pool's channel. */
export const channel = () => [typeof process.send, process.argv.length]

export const open = ({ log }) => {
  appendFileSync(log, 'open ')
  return { log }
}
export const use = (item) => item
export const close = ({ log }) => appendFileSync(log, 'close ')
