/** The flags of `add`: parsing, options and errors, and flags that several kinds of noise share. */

import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { addNoise, errorCodes, NoisemillError, noiseTask, Pool, type PoolOptions } from '../../dist/index.js'
import { declareAddFlags, declareFlags, readAddFlags, readFlags } from '../../dist-lib/cli/flag-options.js'
import { messageInFlags } from '../../dist-lib/cli/flag-words.js'
import { flagsOfKinds, noiseFlags, poolFlags, replayTables } from '../../dist-lib/cli/flags.js'

/** What `add` makes of arguments. */
function read(...args: string[]) {
  const command = new Command().argument('[input...]').exitOverride()
  declareAddFlags(command)
  return readAddFlags(command.parse(['--out', 'out', ...args], { from: 'user' }).opts())
}

test('without flags only required options are passed on', () => {
  expect(read()).toEqual({ noise: { out: 'out', follow: true }, pool: {}, queue: {}, own: {} })
})

test('each flag sets the option that it stands for', () => {
  const noise = [
    '--sigma',
    '0.1:0.2',
    '--seed',
    '7',
    '--copies',
    '3',
    '--kind',
    'gaussian',
    '--no-clip',
    '--no-follow',
    '--root',
    'in',
  ]
  const care = ['--overwrite', '--resume', '--fsync', '--dry-run', '--strict']
  const run = ['--jobs', '4', '--backend', 'workers', '--kernel', 'ts', '--chunk-size', '5']
  const inputs = ['--from', '-', '--exclude', 'raw', '--exclude', '*.bwf']
  const queue = ['--queue', 'q', '--redis', 'redis://host', '--key-file', 'key']
  expect(read(...noise, ...inputs, ...care, ...run, ...queue, '--report', 'r.jsonl', '--json', '--quiet')).toEqual({
    noise: {
      ...{
        sigma: [0.1, 0.2],
        seed: '7',
        copies: 3,
        kind: 'gaussian',
        clip: false,
        follow: false,
        exclude: ['raw', '*.bwf'],
        out: 'out',
        root: 'in',
      },
      ...{ overwrite: true, resume: true, fsync: true, dryRun: true, strict: true, chunkSize: 5 },
    },
    pool: { size: 4, backend: 'workers', kernel: 'ts' },
    queue: { queue: 'q', redis: 'redis://host', keyFile: 'key' },
    own: { from: '-', report: 'r.jsonl', json: true, quiet: true },
  })
  expect(read('--snr', '-3', '--chunk-size', 'auto').noise).toMatchObject({ snr: -3, chunkSize: 'auto' })
})

describe('errors name the flag', () => {
  test.each([
    ['size', '--jobs'],
    ['chunkSize', '--chunk-size'],
    ['dryRun', '--dry-run'],
    ['clip', '--clip'],
    ['NOISEMILL_ISA', 'NOISEMILL_ISA'],
    ['constructor', 'constructor'],
  ])('%s: %s', (option, flag) => {
    const cause = new Error('why')
    const error = new NoisemillError('E_OPTION_INVALID', { option, expected: 'a', received: 'b', cause })
    expect(messageInFlags(error)).toBe(`${flag}: invalid option: expected a but got b: why.`)
  })

  test('and options in `expected` and in remedies, but not in values of the user', () => {
    const error = new NoisemillError('E_OUTPUT_EXISTS', { path: '`resume`', received: '`clip`' })
    expect(error.message).toMatch(/^`resume`: .*`clip`.* pass `overwrite` .* `resume` replaces only /)
    expect(messageInFlags(error)).toMatch(/^`resume`: .*`clip`.* pass --overwrite .* --resume replaces only /)
  })

  test('and remedies name only flags that the command has', () => {
    const known = Object.values(replayTables)
    for (const code of errorCodes) {
      const message = messageInFlags(new NoisemillError(code, { path: 'a.wav', received: 'why' }), known)
      const remedy = message.replace(/^.*? why\.(?: |$)/, '')
      for (const [, word] of remedy.matchAll(/`(\w+)`/g))
        expect([code, word, Object.hasOwn(noiseFlags, word)]).toEqual([code, word, false])
    }
    const full = messageInFlags(new NoisemillError('E_VOLUME_FULL', { path: 'a.wav' }), known)
    expect(full).toBe('a.wav: the volume is full. Free some space.')
    const exists = messageInFlags(new NoisemillError('E_OUTPUT_EXISTS', { path: 'a.wav' }), known)
    expect(exists).toBe('a.wav: the output exists. Choose another folder, or pass --overwrite to replace it.')
  })

  test.each<[string[], string]>([
    [['--fit', 'once'], '--fit: invalid option: expected --noise beside it but got "once"'],
    [['--gap', '1:2'], '--gap: invalid option: expected --noise beside it but got 1:2'],
    [
      ['--noise', 'doors', '--fit', 'once', '--voices', '3'],
      `--fit: invalid option: expected 'loop' with --voices but got "once"`,
    ],
    [
      ['--noise', 'doors', '--gap', '1', '--voices', '3'],
      '--gap: invalid option: expected no --voices beside it but got 1',
    ],
    [
      ['--noise', 'doors', '--low', '30'],
      '--low: invalid option: expected no recordings (--noise) beside it but got 30',
    ],
    [
      ['--noise', 'doors', '--kind', 'pink'],
      '--kind: invalid option: expected no recordings (--noise) beside it but got "pink"',
    ],
  ])('and say what must be beside it, or must not: %j', (args, expected) => {
    const message = () => {
      try {
        const { follow, ...options } = read('--snr', '5', ...args).noise
        return noiseTask(options)
      } catch (error) {
        return messageInFlags(error as NoisemillError)
      }
    }
    expect(message()).toBe(`${expected}.`)
  })

  test('and are unchanged if no option is at fault', () => {
    const error = new NoisemillError('E_NO_INPUT')
    expect(messageInFlags(error)).toBe(error.message)
  })

  test.each([[[20, 0]], [[0, 300]]] as const)('and ranges as they are typed: %j', async (snr) => {
    const refused = await addNoise(new Float32Array(9), { snr }).catch((error: unknown) => error)
    const { message } = refused as NoisemillError
    expect(message).toMatch(/^snr: .*`\[low, high\]`/)
    expect(message).toContain(`but got [${snr.join(', ')}]`)
    expect(messageInFlags(refused as NoisemillError)).toMatch(/^--snr: .*LOW:HIGH/)
    expect(messageInFlags(refused as NoisemillError)).toContain(`but got ${snr.join(':')}`)
  })
})

test.each(['backend', 'kernel'] as const)('the help of --%s has every name that there is, and no other', (name) => {
  const thrown = (() => {
    try {
      return new Pool({ [name]: 'none of them' } as PoolOptions)
    } catch (error) {
      return error
    }
  })()
  const names = /^one of (.*)$/.exec((thrown as NoisemillError).expected!)![1].split(', ')
  const listed = /: (.*)$/.exec(poolFlags[name].summary)![1].split(/, | or /)
  expect(listed.sort()).toEqual(names.sort())
})

describe('parameters of kinds of noise', () => {
  const parameter = (name: string, summary: string, unit: string, maximum: number) => ({
    ...{ name, summary, unit, minimum: 0, maximum, default: 1 },
  })
  const kinds = [
    { name: 'steep', summary: '', parameters: [parameter('slope', 'how steep', 'dB/octave', 6)] },
    { name: 'plain', summary: '', parameters: [] },
    {
      name: 'hum',
      summary: '',
      parameters: [parameter('slope', 'of its overtones', 'dB', 90), parameter('baseRate', 'of the mains', 'Hz', 60)],
    },
  ]
  const flags = flagsOfKinds(kinds)

  function parse(...args: string[]) {
    const command = new Command('add').exitOverride()
    declareFlags(command, Object.values(flags))
    command.parse(args, { from: 'user' })
    return { given: readFlags(flags, command.opts()), help: command.helpInformation().replace(/\s+/g, ' ') }
  }

  test('are flags, one for each name', () => {
    expect(parse().given).toEqual({})
    expect(parse('--slope', '2.5', '--base-rate=50').given).toEqual({ slope: 2.5, baseRate: 50 })
    expect(() => parse('--slope', 'x')).toThrow(expect.objectContaining({ option: '--slope', received: '"x"' }))
  })

  test('that share a name share a flag, and its help has both kinds with their ranges', () => {
    const { help } = parse()
    expect(help.match(/--slope/g)).toHaveLength(1)
    expect(help).toContain(
      'steep: how steep, 0 to 6 dB/octave (default: 1); hum: of its overtones, 0 to 90 dB (default: 1)',
    )
    expect(help).toContain('--base-rate <x> hum: of the mains, 0 to 60 Hz (default: 1)')
  })

  test('are named by their flags in errors', () => {
    const error = new NoisemillError('E_OPTION_INVALID', { option: 'baseRate', expected: 'a', received: 'b' })
    expect(messageInFlags(error, [flags])).toMatch(/^--base-rate: /)
  })
})
