import { readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { hasAddon } from '../support/backends.js'
import { filesBelow, temporaryFolder, temporaryIn } from '../support/folders.js'
import { linesOf, noisemill, type Running, startNoisemill } from '../support/programs.js'
import { describePosix } from '../support/systems.js'
import { until } from '../support/waiting.js'

test('the demo does the same work four ways, with the same outputs, and cleans up', async () => {
  const folder = temporaryFolder()
  const { code, stdout, stderr } = await noisemill(['demo'], { env: temporaryIn(folder) })
  expect([code, stderr]).toEqual([0, ''])
  const row = (name: string) => linesOf(stdout).find((line) => line.startsWith(`${name}  `))
  const figures = / +[\d.]+ +[\d.]+ x +\d+ % +\d+ ms$/
  const ways = ['plain loop', 'async I/O', 'worker threads']
  for (const way of ways) expect(row(way)).toMatch(figures)
  expect(row('native threads')).toMatch(hasAddon ? figures : / +not here: \S/)
  expect(stdout).toMatch(
    new RegExp(
      `^The outputs of all ${hasAddon ? 4 : 3} ways are identical: sha256 [\\da-f]{16}\\.\\.\\. over 24 files`,
      'm',
    ),
  )
  // Every file is finished once, in whatever order.
  const orders = linesOf(stdout).filter((line) => /^ {2}.*( \d\d){24}$/.test(line))
  const numbers = Array.from({ length: 24 }, (_, i) => String(i).padStart(2, '0'))
  expect(orders).toHaveLength(hasAddon ? 3 : 2)
  for (const order of orders) expect(order.match(/\b\d\d\b/g)?.sort()).toEqual(numbers)
  expect(readdirSync(folder)).toEqual([])
})

type Demo = Running & { readonly folder: string }

/** Starts a demo in a folder of its own; resolves once so many ways are done, and so many files written to a folder in it. */
async function demoAt(moment: { ways: number; folder: 'clean' | 'noisy'; files: number }): Promise<Demo> {
  const folder = temporaryFolder()
  const running = startNoisemill(['demo'], { env: temporaryIn(folder) })
  let ways = 0
  running.child.stdout.on('data', (text: string) => {
    ways += text.split(' ms\n').length - 1
  })
  const files = () => filesBelow(folder).filter((file) => path.dirname(file).endsWith(`/${moment.folder}`)).length
  await until(() => ways >= moment.ways && files() >= moment.files, running)
  return { ...running, folder }
}

async function whatIsLeftBy({ ended, folder }: Demo) {
  const { code, stderr } = await ended
  return { code, stderr, left: readdirSync(folder, { recursive: true }) }
}

const makingInputs = { ways: 0, folder: 'clean', files: 3 } as const

describePosix('SIGINT ends the demo and leaves nothing behind (needs POSIX signals)', () => {
  test.each([
    ['while it makes its inputs', makingInputs],
    ['during the plain loop', { ways: 0, folder: 'noisy', files: 3 }],
    ['during async I/O', { ways: 1, folder: 'noisy', files: 3 }],
  ] as const)('%s', async (_, moment) => {
    const demo = await demoAt(moment)
    demo.child.kill('SIGINT')
    expect(await whatIsLeftBy(demo)).toEqual({ code: 130, stderr: '', left: [] })
  })

  // As `timeout` and `npx` pass it on to a child that has had it already.
  test('where another signal follows', async () => {
    const demo = await demoAt(makingInputs)
    demo.child.kill('SIGINT')
    demo.child.kill('SIGTERM')
    expect(await whatIsLeftBy(demo)).toEqual({ code: expect.any(Number), stderr: '', left: [] })
  })
})

test('a closed pipe ends the demo quietly and leaves nothing behind', async () => {
  const demo = await demoAt(makingInputs)
  demo.child.stdout.destroy()
  expect(await whatIsLeftBy(demo)).toEqual({ code: expect.any(Number), stderr: '', left: [] })
})

test('a temporary folder that does not exist is reported in one line', async () => {
  const { code, stderr } = await noisemill(['demo'], {
    env: temporaryIn(path.join(temporaryFolder(), 'missing')),
  })
  expect(linesOf(stderr)).toEqual([expect.stringMatching(/^noisemill: .*[/\\]missing/)])
  expect(code).toBe(4)
})
