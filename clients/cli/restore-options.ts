/** The options of snapshot restore beside those of init; the rest are in `options.ts`. */
import { nonEmpty, wholeNumber } from './option-values.ts'
import { valued } from './options.ts'

export const restored = {
  savedClusterFile: () =>
    valued(
      '--cluster <file>',
      'the cluster file of the cluster that made the snapshot',
      nonEmpty,
    ).makeOptionMandatory(),
  id: () =>
    valued(
      '--id <i>',
      'restore one replica of a cluster whose cluster file is in the directory already',
      wholeNumber(0, 99),
    ),
} as const
