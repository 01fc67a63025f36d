/** The options of classics. */
import { wholeNumber } from './option-values.ts'
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
    flag('--explore', 'explore all runs within small bounds, and print their number').conflicts([
      'break',
      'n',
      'faults',
      'seed',
    ]),
  break: () =>
    flag('--break', 'run the algorithm outside its bound, and print the property that is violated').conflicts(
      ['n', 'faults', 'seed'],
    ),
} as const
