import { utf8 } from '../../src/base/bytes.ts'
import type { Timestamp } from '../../src/base/ids.ts'
import { type Attack, primaryAndBackups } from '../attack.ts'
import { deafTo, onSend, onTick, together } from '../behaviour/behaviour.ts'
import { delay, equivocate, lie, set, victimClient } from '../behaviour/mutations.ts'
import { toReplica } from '../behaviour/place.ts'
import {
  and,
  fromClient,
  isKind,
  isVote,
  not,
  toVictims,
  whilePrimary,
  withProbability,
} from '../behaviour/predicates.ts'
import { FALSE_RESULTS } from '../behaviour/results.ts'
import { otherWorld, voteInOtherWorld } from '../behaviour/worlds.ts'
import { slowed } from '../strikes.ts'

export const conspiracy: Attack = {
  name: 'conspiracy',
  targets: ['safety', 'performance'],
  does: 'traitors equivocate and vote for both halves, starve a client, lie to the others, ask as clients for two things at once, while the network slows a correct replica',
  source: 'what an operator of f replicas and some switches could do',
  expects: 'nothing beside what always holds',
  traitors: primaryAndBackups,
  behaviour: () => {
    let timestamp = 0
    return together(
      deafTo(and(fromClient(victimClient), whilePrimary)),
      onSend(and(isKind('pre-prepare'), whilePrimary, withProbability(0.5)), equivocate(set(otherWorld))),
      onSend(and(isVote, not(toVictims(1))), equivocate(set(voteInOtherWorld))),
      onSend(and(isVote, toVictims(1)), delay(20)),
      onSend(
        isKind('reply'),
        lie(() => FALSE_RESULTS),
      ),
      onTick(10, ({ victims, sealRequest, send }) => {
        timestamp++
        for (const [index, id] of victims.entries()) {
          const operations = utf8(`something else for ${index % 2}`)
          send({ to: toReplica(id), frame: sealRequest({ timestamp: timestamp as Timestamp, operations }) })
        }
      }),
    )
  },
  surroundings: {
    strikes: ({ last, lastsMs }) => slowed(last, { from: 0, to: lastsMs }),
  },
}
