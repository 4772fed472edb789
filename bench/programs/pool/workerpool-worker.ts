/** A worker thread of workerpool. */

import workerpool from 'workerpool'
import * as functions from './functions.js'

workerpool.worker({ ...functions } as never)
