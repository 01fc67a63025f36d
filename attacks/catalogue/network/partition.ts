import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { all, holds } from '../../language/expectations.ts'
import { parted } from '../../language/faults.ts'

const PART = 0.4
const TENTH_MS = 100

export const partition: Attack = {
  name: 'partition',
  targets: ['liveness'],
  does: 'a network, with no traitor, cuts f replicas off, joins them again, and then cuts f + 1 off',
  source: 'Castro and Liskov, OSDI 1999, section 3',
  expects: 'f are not missed; without f + 1 nothing is ordered; when they are back, everything goes on',
  traitors: nobody,
  behaviour: () => together(),
  inspect: all(
    holds(
      ({ answersPerTenth }) => answersPerTenth.slice(1, 4).some((answers) => answers > 0),
      () => 'f replicas were missed',
    ),
    holds(
      ({ outageMs }) => outageMs >= 2 * TENTH_MS,
      ({ outageMs }) => `without f + 1 replicas nobody was answered for ${Math.round(outageMs)} ms only`,
    ),
  ),
  surroundings: {
    strikes: ({ n, f, correct, lastsMs }) => [
      ...parted(n, correct.slice(-f), { from: 0, to: PART * lastsMs }),
      ...parted(n, correct.slice(-f - 1), { from: (1 - PART) * lastsMs, to: lastsMs }),
    ],
  },
}
