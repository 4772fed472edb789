/** The benchmark's report: one HTML page from a record. */

import { lineFigure } from '../../dist-lib/page/charts.js'
import { escapeHtml, htmlPage, type Section } from '../../dist-lib/page/page.js'
import { plural, showBytes } from '../../dist-lib/show.js'
import { loadWarnings } from '../harness/load.js'
import type { BenchRecord, Row, WorkloadRecord } from '../harness/record.js'
import { showNumber } from '../harness/text.js'
import { isOwn, isStart, rowsOf, workloadNamed } from './figures.js'
import { latencyFigure, latencySentence, servedSentence } from './js-thread.js'
import { distancesOf, distanceTable } from './limits.js'
import { PITFALLS, pitfallTable, valueTable } from './pitfalls.js'
import { checkTable, costTable, FILE_SYSTEMS, flatteningSentences, inputTable, MODEL_WORKERS } from './queue.js'
import { LONG, type QueueModel, queueModels, SHORT, simulate } from './queue-model.js'
import {
  adviceOf,
  crossoverSentence,
  distanceSentence,
  durationOf,
  modelledCurves,
  modelSentence,
  recordWarnings,
} from './sentences.js'
import { listed, showFactor, showPercent } from './show.js'
import { commandOf } from './tables.js'
import { coresHtml, folded, memoryFigure, paragraph, type Shown, tableHtml, workloadHtml } from './workload-html.js'

/** The report of a record as a self-contained page. */
export function pageOf(record: BenchRecord): string {
  const sections = [
    talkSection(record),
    pythonSection(record),
    section(record, 'tools', 'What you might use instead', ['tools']),
    pitfallSection(record),
    scalingSection(record),
    limitSection(record),
    modelSection(record),
    queueSection(record),
    jsThreadSection(record),
    furtherSection(record),
    machineSection(record),
  ]
  return htmlPage({
    title: 'What each way of going parallel costs',
    intro: introOf(record),
    sections: sections.filter((one) => one !== undefined),
  })
}

/** What a reader sees first: what to use when, on which machine, and what to beware of. */
function introOf(record: BenchRecord): string {
  const { machine, noisemill, started } = record
  const warnings = [...loadWarnings(record), ...recordWarnings(record)]
  const beware =
    warnings.length === 0
      ? ''
      : `<dl class="warnings">\n<dt>Before you believe this</dt>\n${warnings.map((text) => `<dd class="problem">${escapeHtml(text)}</dd>`).join('\n')}\n</dl>`
  const advice = adviceOf(record).map(
    ({ way, text }) => `<li>${escapeHtml(text).replace(escapeHtml(way), '<strong>$&</strong>')}</li>`,
  )
  const made = `Measured on ${machine.cpu}, ${plural(machine.cores, 'core')}, with Node ${machine.versions.node} and noisemill ${noisemill.version}, on ${started.slice(0, 10)}.`
  return [
    paragraph(made),
    beware,
    ...(advice.length > 0 ? [`<ul class="advice">\n${advice.join('\n')}\n</ul>`] : []),
  ].join('\n')
}

/** A section with workloads as they are; undefined if the record has none of them. */
function section(
  record: BenchRecord,
  id: string,
  title: string,
  names: readonly string[],
  shown: (workload: WorkloadRecord) => Shown = () => ({}),
): Section | undefined {
  const html = names
    .map((name) => record.workloads.find((workload) => workload.name === name))
    .filter((workload) => workload !== undefined)
    .map((workload) => workloadHtml(workload, record, shown(workload)))
  return html.length === 0 ? undefined : { id, title, html: html.join('\n') }
}

const isPython = ({ kind }: Row): boolean => kind === 'python'

function talkSection(record: BenchRecord): Section | undefined {
  return section(record, 'ways', 'What each way costs', ['talk'], (talk) => ({
    rows: (row) => !isPython(row),
    extra: coresHtml(talk, record, 'CPU of every core over time', rowsOf(talk).filter(isOwn)),
  }))
}

/** The best of ours and of the limits beside all of Python's. */
function pythonSection(record: BenchRecord): Section | undefined {
  const talk = workloadNamed(record, 'talk')
  const python = talk ? rowsOf(talk).filter(isPython) : []
  if (!talk || python.length === 0) return undefined
  const html = workloadHtml(talk, record, {
    title: 'The same files in Python',
    id: 'talk-python',
    rows: (row) => isPython(row) || row.name === talk.reference || row.name === 'native',
    extra: coresHtml(talk, record, "CPU of every core over time: Python's ways", python),
  })
  return { id: 'python', title: 'Beside Python', html }
}

function pitfallSection(record: BenchRecord): Section | undefined {
  const found = section(record, 'pitfalls', 'Five ways to lose what parallel work gains', PITFALLS, (workload) => {
    if (workload.name === 'pitfall-values')
      return { rows: () => false, extra: rowsOf(workload).length === 0 ? '' : tableHtml(valueTable(workload)) }
    if (workload.name === 'pitfall-chunks') return { extra: memoryFigure(workload, record) }
    return {}
  })
  const table = pitfallTable(record)
  if (!found || table.rows.length === 0) return found
  const lead = paragraph(
    'What a pitfall costs: the time of a library that is used badly, beside that of the same library used well.',
  )
  return { ...found, html: `${lead}\n${tableHtml(table)}\n${found.html}` }
}

/** The sentences that say where curves cross come first. */
function scalingSection(record: BenchRecord): Section | undefined {
  const names = ['jobs', 'lengths', 'counts', 'channels']
  return section(record, 'scaling', 'From small to large', names, (workload) => ({
    rows: (row) => !isStart(row),
    lead: crossoverSentence(workload),
  }))
}

function limitSection(record: BenchRecord): Section | undefined {
  const distances = distancesOf(record)
  if (distances.length === 0) return undefined
  const nearest = [...distances].sort((a, b) => a.factor - b.factor)
  const html = [
    paragraph(
      'A limit is a program that does less than the work: it moves the same bytes, or asks the system for the same files, or only starts Node. What it takes, no program can beat that does all of the work.',
    ),
    ...(nearest.length > 1
      ? [
          paragraph(`Nearest: ${distanceSentence(nearest[0])}`),
          paragraph(`Farthest: ${distanceSentence(nearest.at(-1)!)}`),
        ]
      : []),
    tableHtml(distanceTable(distances)),
  ]
  return { id: 'limits', title: 'The distance to the limit', html: html.join('\n') }
}

function modelSection(record: BenchRecord): Section | undefined {
  const curves = modelledCurves(record)
  const jobs = workloadNamed(record, 'jobs')
  if (!jobs || curves.length === 0) return undefined
  const measured = curves.map(({ curve: { label, isOwn, points }, model }) => {
    const one = points.find(({ x }) => x === 1)!.y
    const within = points.filter(({ x }) => model.measured.includes(x))
    const speedUps = within.map(({ x, y, spread: [low, high] }) => ({
      x,
      y: one / y,
      spread: [one / high, one / low] as const,
    }))
    return { label, isOwn, points: speedUps }
  })
  // After all measured lines, so that a way has one colour in both.
  const modelled = curves.map(({ curve: { label, isOwn }, model }, i) => {
    const predicted = model.predictions.map(({ cores, speedUp, spread }) => ({ x: cores, y: speedUp, spread }))
    return { label: `model of ${label}`, isOwn, isModel: true, points: [measured[i].points.at(-1)!, ...predicted] }
  })
  const law =
    'With a serial part s and a crosstalk k, p cores are p / (1 + s (p - 1) + k p (p - 1)) times as fast as one (Universal Scalability Law; without k, the law of Amdahl).'
  const html = [
    `<p><strong>This is a model, not a measurement.</strong> ${escapeHtml(
      `This machine has ${record.machine.cores} cores. The serial part and the parallel part were measured on them, and the model assumes that both stay the same and that memory and disks keep up with more cores.`,
    )}</p>`,
    `<ul>${curves.map(({ curve, model }) => `<li>${escapeHtml(modelSentence(curve.label, model) ?? '')}</li>`).join('')}</ul>`,
    lineFigure(
      {
        title: 'A model of machines with more cores',
        unit: 'times as fast as one core',
        note: `More is better. Dashed lines are the model; the lines across them go from the lowest to the highest fit of a single round. Measure again with: \`${commandOf(jobs, record)}\``,
        xLabel: 'cores',
        yLabel: 'times as fast as one core',
        logX: true,
        logY: true,
      },
      [...measured, ...modelled],
    ),
    folded(
      'Parts that the model is made of',
      tableHtml({
        head: ['', 'serial part', 'crosstalk', 'measured with cores'],
        rows: curves.map(({ curve, model: { scaling, measured } }) => [
          curve.label,
          showPercent(scaling.serial),
          measured.length > 2 ? showNumber(scaling.crosstalk) : 'not known',
          listed(measured.map(String)),
        ]),
      }) + paragraph(law),
    ),
  ]
  return { id: 'model', title: 'With 4 to 64 cores', html: html.join('\n') }
}

/** What a queue costs, and a model of more workers. */
function queueSection(record: BenchRecord): Section | undefined {
  const found = section(record, 'queue', 'Through a queue', [SHORT, LONG], (workload) => {
    const costs = costTable(workload)
    return { extra: costs && costs.rows.length > 0 ? folded('What a file and a message cost', tableHtml(costs)) : '' }
  })
  const models = queueModels(record)
  if (!found || models.length === 0) return found
  const html = [
    found.html,
    '<h3 id="queue-model">A model of 1 to 1,000 workers</h3>',
    `<p><strong>This is a model, not a measurement.</strong> ${escapeHtml(
      'It simulates messages between one producer, one Redis and workers with a core each, by the CPU time that each of them was measured to use with one worker. One file system moves the bytes of all workers. It leaves out the network, the metadata of the file system, and Redis on a slow machine.',
    )}</p>`,
    `<ul>${flatteningSentences(models)
      .map((text) => `<li>${escapeHtml(text)}</li>`)
      .join('')}</ul>`,
    ...models.map((model) => queueFigure(model, record)),
    tableHtml(checkTable(models)),
    folded('What the model is made of', tableHtml(inputTable(models))),
  ]
  return { ...found, html: html.join('\n') }
}

function queueFigure({ workload, costs, checks }: QueueModel, record: BenchRecord): string {
  const measured = checks.map(({ workers, measured }) => ({ x: workers, y: measured }))
  const modelled = FILE_SYSTEMS.map(([bandwidth, label]) => ({
    label: `model, ${label}`,
    isOwn: false,
    isModel: true,
    points: MODEL_WORKERS.map((workers) => ({ x: workers, y: simulate(costs, workers, bandwidth) })),
  }))
  return lineFigure(
    {
      title: `${workload.title}: a model of 1 to 1,000 workers`,
      unit: 'files a second',
      note: `More is better. Dashed lines are the model, with a core for each worker; the points were measured on the ${record.machine.cores} cores of one machine. Measure again with: \`${commandOf(workload, record)}\``,
      xLabel: 'one-job workers',
      yLabel: 'files a second',
      logX: true,
      logY: true,
    },
    [{ label: 'measured', isOwn: true, points: measured }, ...modelled],
  )
}

function jsThreadSection(record: BenchRecord): Section | undefined {
  return section(record, 'js-thread', 'What the rest of a program notices', ['js-thread'], (workload) => ({
    chart: 'Latency that 99 % of the requests do not exceed',
    lead: latencySentence(workload),
    extra: `${latencyFigure(workload, record)}${paragraph(servedSentence(workload) ?? '')}`,
  }))
}

/** Everything that no section before has. */
function furtherSection(record: BenchRecord): Section | undefined {
  const before = new Set([
    'talk',
    'tools',
    ...PITFALLS,
    'jobs',
    'lengths',
    'counts',
    'channels',
    'js-thread',
    SHORT,
    LONG,
  ])
  const names = record.workloads.map(({ name }) => name).filter((name) => !before.has(name))
  return section(record, 'further', 'Further tables', names, (workload) => ({ lead: crossoverSentence(workload) }))
}

function machineSection(record: BenchRecord): Section {
  const { machine, noisemill, started } = record
  const rows: (readonly [string, string | undefined])[] = [
    ['CPU', machine.cpu],
    ['cores', String(machine.cores)],
    ['limit of CPUs', machine.cpuLimit === undefined ? undefined : showFactor(machine.cpuLimit)],
    ['memory', showBytes(machine.memory)],
    ['system', machine.system],
    ['file system of outputs', machine.fileSystem],
    ['noisemill', [noisemill.version, noisemill.commit].filter(Boolean).join(', commit ')],
    ...Object.entries(machine.versions),
    ['started', started],
    ['time of the run', durationOf(record)],
    [
      'other programs before the first trial',
      record.busyBefore === undefined ? undefined : showPercent(record.busyBefore),
    ],
  ]
  const known = rows.filter((row): row is readonly [string, string] => row[1] !== undefined)
  const method = [
    'Each trial is a process of its own that fills an empty folder. The contenders of a workload take turns in changing order, so that a slow phase of the machine affects all of them.',
    'Values are medians. A ratio is that of two medians; its 95 % interval resamples whole rounds, and needs at least five of them. Less than 5 %, or an interval that contains 1, counts as no difference in the sentences.',
    'What contenders wrote or returned is compared, so one that did less than its work is left out and named.',
    'Memory is the peak of the largest process of a trial. CPU time is that of all of its processes.',
  ]
  const html = [tableHtml({ head: ['', ''], rows: known }), ...method.map(paragraph)]
  return { id: 'machine', title: 'Machine and method', html: html.join('\n') }
}
