import { type Attack, oneTooMany } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { lie } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'
import { FALSE_RESULTS } from '../../language/results.ts'

export const falseMajority: Attack = {
  name: 'false-majority',
  world: 'both',
  targets: ['safety'],
  does: 'f + 1 traitors give clients the same wrong results',
  source: 'Castro and Liskov, OSDI 1999, section 4.1: why f + 1 matching replies and no fewer',
  expects:
    'a client believes them, and their signatures on results that execution does not give identify them',
  traitors: oneTooMany,
  behaviour: () =>
    onSend(
      isKind('reply'),
      lie(() => FALSE_RESULTS),
    ),
  control: { breaks: 'answers', namesTraitors: true },
}
