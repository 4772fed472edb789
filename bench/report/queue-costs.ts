/** Which figures that contenders report are costs of a queue. */

/** Figures of costs, with their heads. They have a table of their own. */
export const COSTS: Readonly<Record<string, string>> = {
  fileProducerUs: 'producer',
  fileProducerThreadUs: 'of it JS thread',
  fileWorkersUs: 'workers',
  fileRedisUs: 'Redis',
  tripProducerUs: 'a message: producer',
  tripProducerThreadUs: 'of it JS thread',
  tripWorkersUs: 'workers',
  tripRedisUs: 'Redis',
  tripMs: 'round trip, ms',
}

/** Whether a figure stands in the table of costs, and so in no other. */
export const isCost = (figure: string): boolean => figure in COSTS || figure === 'fileBytes'
