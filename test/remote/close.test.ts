/** Workers that are ended while Redis is away. */

import { expect, onTestFinished } from 'vitest'
import { temporaryFolder } from '../support/folders.js'
import { newQueue, ownRedis, redisTest, startWork } from '../support/redis.js'
import { until } from '../support/waiting.js'

redisTest('a worker that is ended while Redis is away ends, also if Redis comes back meanwhile', async () => {
  const server = await ownRedis()
  const folder = temporaryFolder()
  const { child, ended } = startWork(server, newQueue(), ['--read', folder, '--write', folder, '--jobs', '1'])
  onTestFinished(() => void child.kill('SIGKILL'))
  let told = ''
  child.stderr.on('data', (text: string) => {
    told += text
  })
  const isWaiting = async () =>
    ((await server.with((client) => client.client('LIST'))) as string).includes('cmd=bzpopmin')
  await until(isWaiting, { child, ended })
  await server.stop('SIGKILL')
  await until(() => told.includes('the worker waits for it'), { child, ended })
  child.kill('SIGTERM')
  await server.start()
  expect(await ended).toMatchObject({ code: 0 })
})
