/** The examples of docs/machines.md and docs/scale.md: their command lines, and the files in docs/docker. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { defineAdd } from '../../dist-lib/cli/add.js'
import { defineInfo } from '../../dist-lib/cli/info.js'
import { defineStatus } from '../../dist-lib/cli/status.js'
import type { Stop } from '../../dist-lib/cli/stop.js'
import { defineWork } from '../../dist-lib/cli/work.js'
import { root } from '../support/folders.js'

const read = (name: string) => readFileSync(path.join(root, name), 'utf8')
const machines = read('docs/machines.md')

/** Blocks of code: those that are indented, and those between fences. */
const blocksOf = (page: string): string[] => [
  ...Array.from(page.matchAll(/^```sh\n(.*?)^```$/gms), ([, block]) => block),
  ...Array.from(page.matchAll(/(?<=\n\n)(?: {4}.*\n|\n(?= {4}))+/g), ([block]) => block.replaceAll(/^ {4}/gm, '')),
]

/** Values that a cluster would fill in. */
const filledIn = (text: string) => text.replaceAll(/"\$\w+"|\{\}/g, '8')

/** The arguments of each call of noisemill in a block of shell commands, as the shell would pass them. */
const shellCalls = (block: string): string[][] =>
  Array.from(
    filledIn(block)
      .replaceAll(/\\\n\s*/g, ' ')
      .matchAll(/^(?:\$ |exec |parallel .*? )?noisemill (.*?)(?= (?:>|&|:::)|$)/gm),
    ([, args]) => Array.from(args.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain),
  )

/** Returns the name of the command that accepts these arguments, or what it says of them. */
async function acceptedBy(args: readonly string[]): Promise<string> {
  const stop = {} as Stop
  let accepted = ''
  const program = new Command('noisemill').exitOverride().configureOutput({ writeErr: () => {} })
  defineAdd(program, stop, () => {})
  defineWork(program, stop)
  defineStatus(program, () => {})
  defineInfo(program)
  for (const command of program.commands) {
    command.configureOutput({ writeErr: () => {} }).exitOverride()
    command.action(() => {
      accepted = command.name()
    })
  }
  return program.parseAsync(args, { from: 'user' }).then(
    () => accepted,
    (error) => String(error),
  )
}

const manifests = blocksOf(machines)
  .filter((block) => block.startsWith('apiVersion:'))
  .map((block) => parse(block))
const [job, deployment] = ['Job', 'Deployment'].map((kind) => manifests.find((one) => one.kind === kind))
const [container] = job.spec.template.spec.containers
const [worker] = deployment.spec.template.spec.containers
const compose = parse(read('docs/docker/compose.yaml'), { merge: true })
const dockerfile = read('docs/docker/Dockerfile')
const [, workerCommand] = /^CMD (.*)$/m.exec(dockerfile)!
const imageCommand: string[] = JSON.parse(workerCommand)

describe('command lines', () => {
  const inShells = [machines, read('docs/scale.md')].flatMap(blocksOf).flatMap(shellCalls)
  const calls = [...inShells, container.command.slice(1), worker.args, imageCommand, compose.services.producer.command]

  test('are found', () => {
    const has = (...words: string[]) => inShells.some((args) => words.every((word) => args.includes(word)))
    expect(has('add', '--jobs', '--shard', 'auto')).toBe(true)
    expect(has('add', '8/16')).toBe(true)
    expect(has('work', '--key-file')).toBe(true)
    expect(has('add', '--queue', '--copies')).toBe(true)
    expect(has('add', '--from')).toBe(true)
    expect(container.command[0]).toBe('noisemill')
  })

  test.each(calls.map((args) => [args.join(' '), args]))('%s', async (_, args) => {
    expect(await acceptedBy(args)).toBe(args[0])
  })

  test.each(['add in --out out --nosie 3', 'work --health', 'add in --copies many --out out', 'wrok'])(
    'are refused with a mistake: %s',
    async (line) => expect(await acceptedBy(line.split(' '))).toMatch(/Error/),
  )
})

test('the job of Kubernetes has as many tasks as its command says', () => {
  expect(container.command).toContain(`auto/${job.spec.completions}`)
})

test('the workers of Kubernetes are found by their labels, and have the port and the files that are mounted', () => {
  const { selector, template } = deployment.spec
  expect(template.metadata.labels).toEqual(selector.matchLabels)
  expect(worker.args).toContain(`0.0.0.0:${worker.readinessProbe.httpGet.port}`)
  for (const { name, mountPath } of worker.volumeMounts) {
    expect(template.spec.volumes.map((volume: { name: string }) => volume.name)).toContain(name)
    expect(worker.args.some((word: string) => word.startsWith(`${mountPath}/`))).toBe(true)
  }
  expect(machines).toContain(`kubectl create secret generic ${template.spec.volumes[1].secret.secretName} `)
})

describe('compose.yaml', () => {
  const { redis, worker, producer } = compose.services

  test('has Redis with the settings that docs/queue.md recommends', () => {
    const [, settings] = /# redis.conf\n((?: {4}.*\n)+)/.exec(read('docs/queue.md'))!
    // Its network has no other machines, so it needs no TLS.
    const shared = settings
      .trim()
      .split(/\n\s*/)
      .filter((setting) => /^(max|proto)/.test(setting))
    expect(shared).toHaveLength(2)
    for (const setting of shared) {
      const [name, value] = setting.split(' ')
      expect(redis.command[redis.command.indexOf(`--${name}`) + 1]).toBe(value)
    }
    expect(redis.ports).toBeUndefined()
  })

  test('gives secrets by files, which docs/machines.md makes', () => {
    for (const { secrets, environment, user } of [redis, worker, producer]) {
      expect([environment, user]).toEqual([undefined, redis.user])
      for (const name of secrets) expect(machines).toContain(`> ${compose.secrets[name].file.replace('./', '')}\n`)
    }
    const named = (command: readonly string[]) =>
      command.flatMap((word) => /\/run\/secrets\/([\w-]+)$/.exec(word)?.[1] ?? [])
    expect(named(redis.command)).toEqual(redis.secrets)
    expect(named(imageCommand)).toEqual(worker.secrets)
    expect(named(producer.command)).toEqual(producer.secrets)
  })

  test('mounts the folders that the commands name', () => {
    const mounted = worker.volumes.map((volume: string) => volume.slice(volume.indexOf('/data/')))
    expect(mounted).toEqual(['/data/speech:ro', '/data/noisy'])
    expect(imageCommand).toEqual(expect.arrayContaining(['/data/speech', '/data/noisy']))
    expect(producer.command).toEqual(expect.arrayContaining(['/data/speech', '--out=/data/noisy']))
  })

  test('has several workers, which are those of the image, and a producer that starts when it is asked to', () => {
    expect(worker.deploy.replicas).toBeGreaterThan(1)
    expect([worker.command, worker.healthcheck]).toEqual([undefined, undefined])
    expect([producer.profiles, producer.healthcheck]).toEqual([['producer'], { disable: true }])
  })
})

describe('Dockerfile', () => {
  test('looks at the file that the worker writes', () => {
    const file = imageCommand[imageCommand.indexOf('--health') + 1]
    expect(dockerfile).toMatch(new RegExp(`^HEALTHCHECK .*find ${file} `, 'm'))
  })

  test('starts the command itself, as another user than root', () => {
    expect(dockerfile).toMatch(/^ENTRYPOINT \["noisemill"\]$/m)
    expect(dockerfile).toMatch(/^USER node\n(?!.*^USER)/ms)
  })

  test('installs the versions of packages that the package asks for', () => {
    const { peerDependencies } = JSON.parse(read('package.json'))
    for (const [name, range] of Object.entries(peerDependencies))
      expect(dockerfile).toContain(` ${name}@${/^\^(\d+)\./.exec(range as string)![1]}`)
  })
})
