import { type Attack, lastBackups } from '../../language/attack.ts'
import { deafTo, onSend, together } from '../../language/behaviour.ts'
import { forNothing, set } from '../../language/mutations.ts'
import { afterRestart, and, isKind, isVote, withProbability } from '../../language/predicates.ts'

export const amnesia: Attack = {
  name: 'amnesia',
  world: 'simulator',
  targets: ['safety'],
  does: 'loses its disk, starts again as if it were new, and votes differently than before',
  source: 'Castro and Liskov, OSDI 1999, section 4.1: votes are on disk before they are sent',
  expects: 'it is one of the f: no sequence number is decided twice',
  traitors: lastBackups,
  behaviour: () =>
    together(
      // The recollections of the others would make it admit that it lost its disk.
      deafTo(and(isKind('recollection', 'oral-recollection'), afterRestart)),
      onSend(and(isVote, afterRestart, withProbability(0.5)), set(forNothing)),
    ),
  parts: (parts) => ({ ...parts, replay: { ...parts.replay, beginning: 'birth' } }),
  simulated: {
    faults: ({ traitors, lastsMs }) =>
      traitors.flatMap((replica) => [
        { kind: 'lose-disk', replica, atMs: 0.2 * lastsMs },
        { kind: 'restart', replica, atMs: 0.22 * lastsMs },
      ]),
  },
}
