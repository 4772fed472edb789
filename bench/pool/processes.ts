/** Messages between a process and those that it started. */

import type { ChildProcess } from 'node:child_process'

/** Sends a message to a process, and resolves to its answer. */
export function ask<Answer>(child: ChildProcess, message: unknown): Promise<Answer> {
  const answer = nextMessage<Answer>(child)
  child.send(message as object)
  return answer
}

/** Rejects if the process ends before it sends a message. */
export function nextMessage<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`a process ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message as Message)
    })
  })
}
