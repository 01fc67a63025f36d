import { toReplica } from '../../language/adversary-context.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { type Behaviour, onTick, together } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { isProtocol } from '../../language/predicates.ts'

/** The most messages that it keeps, and that it sends again at once. */
const KEPT_MAX = 200
const REPEATED_PER_TICK = 3

/** Keeps a sample of all that it said, the oldest as likely as the newest. */
const keepIn = (kept: Uint8Array[]): Behaviour => ({
  send: (intercepted, place) => {
    if (!isProtocol(intercepted, place) || kept.includes(intercepted.frame)) return null
    if (kept.length < KEPT_MAX) kept.push(intercepted.frame)
    else kept[place.random.below(KEPT_MAX)] = intercepted.frame
    return null
  },
})

export const replayOwn: Attack = {
  name: 'replay-own',
  world: 'both',
  targets: ['safety'],
  does: 'resends old messages of its own, view changes among them, to random replicas',
  source: 'Castro and Liskov, OSDI 1999, section 4.4: a message is of one view',
  expects: 'old messages change nothing, and no view changes',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => {
    const kept: Uint8Array[] = []
    return together(
      keepIn(kept),
      onTick(1, ({ send, random, others }) => {
        if (kept.length === 0) return
        for (let count = 0; count < REPEATED_PER_TICK; count++) {
          send({ to: toReplica(random.pick(others)), frame: random.pick(kept) })
        }
      }),
    )
  },
  judge: noViewChange,
}
