/** The options of the benchmarks. */
import { keyCounts, nonEmpty, wholeNumber } from './option-values.ts'
import { flag, SECONDS_MAX, valued } from './options.ts'

export const bench = {
  markdown: () => flag('--markdown', 'print a Markdown table'),
  seconds: () =>
    valued(
      '--seconds <s>',
      'seconds of each measurement, after a warm-up of one second',
      wholeNumber(1, SECONDS_MAX),
    ).default(5),
  rounds: (description: string) => valued('--rounds <r>', description, wholeNumber(1, 10_000)).default(3),
  clients: () =>
    valued('--clients <c>', 'number of client sessions of the load generator', wholeNumber(1, 256)).default(
      4,
    ),
  concurrency: (requests: number) =>
    valued('--concurrency <r>', 'number of requests kept in flight', wholeNumber(1, 100_000)).default(
      requests,
    ),
  runs: () =>
    valued('--runs <runs>', 'number of times to kill the primary', wholeNumber(1, 100_000)).default(20),
  operations: () => valued('--operations <count>', 'number of puts', wholeNumber(1)).default(1_000_000),
  keys: () =>
    valued('--keys <count>', 'number of different keys to put', wholeNumber(1, 100_000_000)).default(10_000),
  keyCounts: () =>
    valued('--key-counts <counts>', 'numbers of keys at which a put is measured', keyCounts).default(
      [1_000, 100_000, 1_000_000],
      '1000,100000,1000000',
    ),
  valueBytes: () =>
    valued('--value-bytes <bytes>', 'size of each value in bytes', wholeNumber(0, 30_000)).default(100),
  directory: () =>
    valued(
      '--dir <directory>',
      'the directory in which the cluster is made, on the disk to measure; by default the temporary directory',
      nonEmpty,
    ),
} as const
