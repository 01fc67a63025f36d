/** The options of classics. */
import { nonEmpty, wholeNumber } from './option-values.ts'
import { flag, valued } from './options.ts'

export const classics = {
  processes: () =>
    valued('--n <n>', 'number of processes; the default depends on the algorithm', wholeNumber(1, 100)),
  faults: () =>
    valued(
      '--faults <f>',
      'number of tolerated faults; the default depends on the algorithm',
      wholeNumber(0, 99),
    ),
  explore: () =>
    flag(
      '--explore',
      'explore all runs within small bounds, and print their number; without a name, of every algorithm',
    ).conflicts(['break', 'n', 'faults', 'seed']),
  break: () =>
    flag('--break', 'run the algorithm outside its bound, and print the property that is violated').conflicts(
      ['n', 'faults', 'seed'],
    ),
  html: () =>
    valued(
      '--html <file>',
      'write the algorithm as a page that opens from disk; without a name, the whole gallery',
      nonEmpty,
    ).conflicts(['n', 'faults', 'seed', 'explore', 'break', 'json']),
} as const
