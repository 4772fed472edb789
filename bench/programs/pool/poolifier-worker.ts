/** A worker thread of poolifier. */

import { type TaskFunctions, ThreadWorker } from 'poolifier'
import * as functions from './functions.js'

export default new ThreadWorker({ ...functions } as unknown as TaskFunctions)
