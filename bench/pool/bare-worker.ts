/** A process that spins for each number of steps that it gets, without a pool. */

import { spin } from './functions.js'

process.on('message', (items: readonly number[]) => process.send!(items.map(spin)))
