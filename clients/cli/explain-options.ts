/** The options of explain. */
import { wholeNumber } from './option-values.ts'
import { valued } from './options.ts'

export const explain = {
  replica: () =>
    valued('--replica <i>', 'only the steps of this replica, counted from 0', wholeNumber(0, 99)),
  from: () =>
    valued(
      '--from <step>',
      'the first step, as simulate --steps counts; without it, the first',
      wholeNumber(1),
    ),
  to: () => valued('--to <step>', 'the last step; without it, the last of the run', wholeNumber(1)),
} as const
