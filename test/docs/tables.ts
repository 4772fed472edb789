/** Tables that documentation shows, made of the declarations in the code. */

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import type { BenchRecord } from '../../bench/harness/record.js'
import { parseRecord } from '../../bench/harness/record-check.js'
import { queueTables, recordTables } from '../../bench/report/markdown.js'
import { figurePlaces, withFigures } from '../../bench/report/places.js'
import { talkChart } from '../../bench/report/talk-chart.js'
import { errorCodes, NoisemillError } from '../../dist/index.js'
import {
  type Flags,
  flagsOf,
  groups,
  parameterFlags,
  replayTables,
  termOf,
  workTables,
} from '../../dist-lib/cli/flags.js'
import { tsKernels } from '../../dist-lib/core/kernels.js'
import { colorFilter, OCTAVE } from '../../dist-lib/core/noise/color.js'
import { gaussian } from '../../dist-lib/core/noise/gaussian.js'
import { draw, Purpose } from '../../dist-lib/core/noise/keys.js'
import { openGenerated } from '../../dist-lib/core/noise/noise.js'
import { BLOCK_FRAMES } from '../../dist-lib/core/noise/source.js'
import { LANE_STATE_WORDS, LANES, nextWord } from '../../dist-lib/core/noise/xoshiro.js'
import { fileKey } from '../../dist-lib/plan/keys.js'
import { amplitudeOf, drawLevel } from '../../dist-lib/plan/levels.js'
import { subjects } from '../../dist-lib/pool/doctor/verdict.js'
import { csvColumns } from '../../dist-lib/record/report-forms.js'
import { warnings } from '../../dist-lib/warnings.js'
import { root } from '../support/folders.js'
import { scaleHead, scaleRows } from './scale.js'

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('')

const code = (text: string) => `\`${text}\``

/** A heading and a table for each group of flags. */
function flagTables(): string {
  const sections = Object.entries(groups).map(([group, { heading }]) => {
    const rows = flagsOf(group).map((flag) => [
      code(termOf(flag)),
      flag.isRequired ? `${flag.summary}; required` : flag.summary,
      flag.preset ?? '',
    ])
    return `### ${heading}\n\n${table(['flag', 'meaning', 'default'], rows)}`
  })
  return sections.join('\n')
}

/** A row for each flag of a command, given by its tables. */
function commandFlagTable(known: Readonly<Record<string, Flags>>): string {
  const flags = Object.keys(groups).flatMap((group) => flagsOf(group, Object.values(known)))
  const meaning = ({ summary, isRequired }: (typeof flags)[number]) => (isRequired ? `${summary}; required` : summary)
  const rows = flags.map((flag) => [code(termOf(flag)), meaning(flag), flag.preset ?? ''])
  return table(['flag', 'meaning', 'default'], rows)
}

/** A row for each group of flags but those of parameters, where what stands for values is in capitals. */
function shortFlagTable(): string {
  const rows = Object.entries(groups).map(([group, { short }]) => {
    const own = flagsOf(group).filter((flag) => !Object.values(parameterFlags).includes(flag as never))
    return [
      own.map((flag) => code(termOf(flag).replace(/<(.*)>/, (_, value) => value.toUpperCase()))).join(', '),
      short,
    ]
  })
  return table(['flag', ''], rows)
}

const sources = ['dist/index', 'dist-lib/cli/progress', 'dist-lib/record/status', 'dist/bullmq'].map(
  (name) => `${root}/${name}.d.ts`,
)
const program = ts.createProgram(sources, { strict: true, types: [] })
const checker = program.getTypeChecker()

const exportsOf = (source: string): ts.Symbol[] =>
  checker
    .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(source)!)!)
    .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))

const declaredType = (source: string, name: string): ts.Type =>
  checker.getDeclaredTypeOfSymbol(exportsOf(source).find((symbol) => symbol.name === name)!)

/** The fields of exported interfaces with their docstrings; those of one field are joined. */
function fieldsOf(source: string, ...names: readonly string[]): Map<string, string> {
  const found = new Map<string, string[]>()
  for (const name of names) {
    for (const field of declaredType(source, name).getProperties()) {
      const text = textOf(field)
      found.set(field.name, [...new Set([...(found.get(field.name) ?? []), text])])
    }
  }
  return new Map(Array.from(found, ([name, texts]) => [name, texts.join(' ')]))
}

const textOf = (symbol: ts.Symbol): string =>
  ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll('\n', ' ')

/** Whether users see a type only as the type of a field. */
function isInner({ symbol }: ts.Type): boolean {
  const declaration = symbol?.declarations?.[0]
  return declaration?.getSourceFile() === program.getSourceFile(sources[0]) && !exportsOf(sources[0]).includes(symbol)
}

/** The fields of a type, and after each those of its own type if that is not exported. */
function allFieldsOf(type: ts.Type, prefix = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const field of type.getProperties()) {
    found.set(prefix + field.name, textOf(field))
    const inside = checker.getNonNullableType(checker.getTypeOfSymbol(field))
    if (!isInner(inside)) continue
    for (const [name, meaning] of allFieldsOf(inside, `${prefix}${field.name}.`)) found.set(name, meaning)
  }
  return found
}

const deepFieldsOf = (name: string): Map<string, string> => allFieldsOf(declaredType(sources[0], name))

const fieldTable = (fields: ReadonlyMap<string, string>): string =>
  table(
    ['field', 'meaning'],
    Array.from(fields, ([name, meaning]) => [code(name), meaning]),
  )

/** In the order of JSON lines. */
export function fileFields(): Map<string, string> {
  const fields = fieldsOf(sources[0], 'FinishedFile', 'FailedFile')
  return new Map(Array.from(fieldsOf(sources[0], 'FileFigures').keys(), (name) => [name, fields.get(name)!]))
}

/** Leaves out the fields of an interface of queues. */
function withoutFields(fields: Map<string, string>, name: string): Map<string, string> {
  const others = fieldsOf(sources[3], name)
  return new Map([...fields].filter(([field]) => !others.has(field)))
}

export const summaryFields = () => fieldsOf(sources[1], 'Summary')

const hexadecimal = (...words: readonly number[]): string =>
  code(words.map((word) => word.toString(16).toUpperCase().padStart(8, '0')).join(' '))

/** The first values of the stream for one key, with what they are made from. */
function workedExample(): string {
  const key = fileKey(1, 'a.wav', 1)
  const context = { key, parameters: new Float64Array(0), channels: 1, sampleRate: 0, frames: BLOCK_FRAMES }
  const state = new Uint32Array(LANE_STATE_WORDS)
  gaussian.seed(state, context, 0, 0)
  const lane = Array.from({ length: 4 }, (_, word) => state[word * LANES])
  const words = state.slice()
  const noise = new Float32Array(2 * LANES)
  gaussian.fill(state, context.parameters, noise, noise.length)
  const bits = new Uint32Array(noise.buffer)
  const pink = { kind: 'pink', key, parameters: Float64Array.of(20) }
  const filter = colorFilter(-OCTAVE, 20, 48_000)
  const lanes = (filter.coefficients.length - 1) / 2
  const colored = new Float32Array(2 * LANES)
  openGenerated(pink, { ...context, sampleRate: 48_000 }, tsKernels).fill(0, 0, colored, colored.length)
  return table(
    ['what', 'value'],
    [
      ['key.low, key.high', hexadecimal(key.low, key.high)],
      ['s0 to s3 of lane 0, block 0, channel 0', hexadecimal(...lane)],
      ['A and B of its step 0', hexadecimal(nextWord(words, 0), nextWord(words, 0))],
      ['the value by cosine, frame 0', `${hexadecimal(bits[0])}, ${noise[0]}`],
      ['the value by sine, frame 16', `${hexadecimal(bits[LANES])}, ${noise[LANES]}`],
      ['G for an SNR of 10 dB', `${amplitudeOf(-10)}`],
      ['U of draw 0 for purpose 0', `${draw(key, Purpose.level, 0)}`],
      ['the SNR from the range [5, 20], dB', `${drawLevel({ low: 5, high: 20 }, key, Purpose.level)}`],
      ['`pink` from 20 Hz on, at 48 kHz: p_0', `${filter.coefficients[0]}`],
      ['its c_0 g', `${filter.coefficients[lanes]}`],
      ['its g', `${filter.coefficients[2 * lanes]}`],
      ['frames of its warm-up', `${filter.warmUpFrames}`],
      ['frames of its blocks', `${filter.blockFrames}`],
      ['its value, frame 0', `${colored[0]}`],
    ],
  )
}

const kept = (name: string): BenchRecord => parseRecord(readFileSync(path.join(root, 'bench/results', name), 'utf8'))

/** The record that benchmark tables, the chart and figures in prose come from. */
const record = kept('full.json')
/** The same for queues: `npm run bench -- --full --filter '^queue'`. */
const queueRecord = kept('queue.json')

/** docs/talk.svg. */
export const chart = (): string => talkChart(record)

/** What the error of a function says of the error that it threw. */
const detailsOf = (name: string) => (name === 'E_TASK_FAILED' ? { cause: new Error('no such speaker') } : {})

/** Each table by the name that documentation has it under. */
export const tables: Readonly<Record<string, () => string>> = {
  flags: flagTables,
  'flags in short': shortFlagTable,
  'flags of replay': () => commandFlagTable(replayTables),
  'flags of work': () => commandFlagTable(workTables),
  'fields of files': () => fieldTable(fileFields()),
  'columns of CSV reports': () =>
    table(
      ['column', 'meaning'],
      csvColumns().map(({ name, schema }) => [code(name), schema.description ?? '']),
    ),
  'fields of layers': () => fieldTable(fieldsOf(sources[0], 'LayerResult')),
  'fields of pieces': () => fieldTable(fieldsOf(sources[0], 'NoisePiece')),
  'options of recordings': () => fieldTable(fieldsOf(sources[0], 'RecordedNoise')),
  'options of layers': () => fieldTable(fieldsOf(sources[0], 'LayerSpec')),
  'fields of samples': () => fieldTable(fieldsOf(sources[0], 'SampleFigures')),
  'fields of transforms': () => fieldTable(fieldsOf(sources[0], 'TransformedFile', 'FailedTransform')),
  'fields of summaries': () => fieldTable(summaryFields()),
  'options of queues': () => fieldTable(fieldsOf(sources[3], 'QueueOptions')),
  'options of bullmq': () => fieldTable(withoutFields(fieldsOf(sources[3], 'BullmqOptions'), 'QueueOptions')),
  'fields of status': () => fieldTable(fieldsOf(sources[2], 'FolderStatus')),
  'fields of journals': () => fieldTable(fieldsOf(sources[2], 'JournalStatus')),
  'fields of reports': () => fieldTable(deepFieldsOf('RunReport')),
  'fields of workers': () => fieldTable(deepFieldsOf('WorkerFigures')),
  'subjects of the doctor': () =>
    table(
      ['subject', 'what its verdict says'],
      Object.entries(subjects).map(([name, says]) => [code(name), says]),
    ),
  channels: () =>
    table(
      ['channel', 'what its messages say'],
      Array.from(fieldsOf(sources[0], 'ChannelMessages'), ([name, meaning]) => [code(name), meaning]),
    ),
  ...queueTables(queueRecord),
  errors: () =>
    table(
      ['code', 'what the message says'],
      errorCodes.map((name) => [code(name), new NoisemillError(name, detailsOf(name)).message]),
    ),
  'worked example': workedExample,
  ...recordTables(record),
  'scale of a billion files': () => table(scaleHead, scaleRows(record)),
  warnings: () =>
    table(
      ['code', 'meaning'],
      Object.entries(warnings).map(([name, text]) => [name, text]),
    ),
}

const PLACE = /(<!-- table: (.*?) -->\n).*?(<!-- end of table -->)/gs

export const namesIn = (text: string): string[] => Array.from(text.matchAll(PLACE), ([, , name]) => name)

/** README and the documents in docs. */
export const documents: readonly string[] = [
  'README.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** Whether something in a document is made by `npm run tables`. */
export const hasPlaces = (text: string): boolean => namesIn(text).length > 0 || figurePlaces(text).length > 0

/** A document with its tables, and its figures of benchmarks, as they are to be. */
export function withTables(text: string): string {
  return withFigures(
    text.replaceAll(PLACE, (_, start, name, end) => `${start}${tables[name]()}${end}`),
    queueRecord,
    record,
  )
}
