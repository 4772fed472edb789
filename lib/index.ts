export { type AddNoiseOptions, addNoiseToFiles } from './add.js'
export type { Audio, RandomSource, Transformed } from './audio/audio.js'
export type {
  Backend,
  BackendName,
  CallsChunk,
  Chunk,
  ChunkFigures,
  ChunkLimits,
  CloseOptions,
  FilesChunk,
  Outcome,
  SlicesChunk,
} from './backends/backend.js'
export type { TaskContext } from './backends/calls.js'
export { Cancellation } from './backends/cancellation.js'
export { createBackend } from './backends/choose.js'
export type { PoolInfo, PoolOptions } from './backends/options.js'
export { isPoolWorker } from './backends/place.js'

export type { WorkerFigures } from './backends/worker-figures.js'

export type { WorkerThreadOptions } from './backends/worker-options.js'

export type { EtlJob, EtlOutcome } from './core/etl.js'
export type { KernelName } from './core/kernels.js'
export type { ClipPolicy, LayerLevel, SilentPolicy, SnrReference } from './core/noise/noise.js'
export type { SettledSlice, SliceJob } from './core/slice.js'
export type { StemName } from './core/stems.js'
export type { CodecName } from './core/wav/codecs.js'
export type { SampleFormatName } from './core/wav/samples.js'
export { type ErrorCode, errorCodes } from './error-codes.js'
export { type ErrorDetails, NoisemillError } from './errors.js'
export type { Asked } from './plan/asked.js'
export type { FileItem, FileItemObject } from './plan/file-run.js'
export type { Seed } from './plan/keys.js'
export type { LayerSpec, RecordedNoise } from './plan/layers.js'
export type { DrawnLevel, LevelList, LevelOption, OutputLevelOption } from './plan/levels.js'
export { type NoiseTask, noiseTask } from './plan/noise-task.js'
export type { NoiseOptions, NoiseSpec, SnrMode } from './plan/options.js'
export type {
  FailedFile,
  FileFigures,
  FileResult,
  FinishedFile,
  LayerResult,
  NoisePiece,
  SampleFigures,
  SampleWarning,
} from './plan/results.js'
export type { FailedTransform, TransformedFile, TransformResult } from './plan/transform-results.js'
export type { SamplesItem, TransformItem } from './plan/transform-run.js'
export type { ChannelMessages } from './pool/channels.js'
export type { ChunkSize } from './pool/chunks.js'
export { type Diagnosis, diagnose, showDiagnosis, type Verdict } from './pool/doctor.js'
export type { ModuleTaskOptions, TransferOptions } from './pool/module-options.js'
export {
  type DoneItem,
  type FailedItem,
  type ItemRecord,
  type ModuleTask,
  moduleTask,
} from './pool/module-task.js'
export type { RunOptions } from './pool/options.js'
export { Pool } from './pool/pool.js'
export type { PoolStats } from './pool/pool-stats.js'
export type { RunProgress } from './pool/progress.js'
export type { RetryOptions } from './pool/retries.js'
export type { RunReport } from './pool/run-report.js'
export type { Items } from './pool/source.js'
export { type ReplayOptions, replay } from './replay.js'
export {
  addNoise,
  addNoiseToWav,
  type SampleNoiseOptions,
  type Samples,
  type WavNoiseOptions,
} from './samples.js'
export type { ModuleCall, Task } from './task.js'
export {
  type TransformFilesOptions,
  type TransformOptions,
  type TransformTask,
  transformFiles,
  transformTask,
} from './transforms.js'
export type { FileWarning } from './warnings.js'
