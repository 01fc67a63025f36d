import { utf8 } from '../../../src/base/bytes.ts'
import { encodeOperations } from '../../../src/store/operations-writer.ts'
import { type Attack, primaryAndBackups } from '../../language/attack.ts'
import { deafTo, onSend, together } from '../../language/behaviour.ts'
import { everyTicks } from '../../language/client-behaviour.ts'
import { told } from '../../language/expectations.ts'
import { slowed } from '../../language/faults.ts'
import { delay, equivocate, halvesOf, lie, set, victimClient } from '../../language/mutations.ts'
import {
  and,
  fromClient,
  isKind,
  isVote,
  not,
  toVictims,
  whilePrimary,
  withProbability,
} from '../../language/predicates.ts'
import { FALSE_RESULTS } from '../../language/results.ts'
import { otherWorld, voteInOtherWorld } from '../../language/worlds.ts'

const KEY = 'conspiracy'

const ANSWERS = ['reply'] as const

export const conspiracy: Attack = {
  name: 'conspiracy',
  world: 'simulator',
  targets: ['safety', 'performance'],
  does: 'traitors equivocate, vote for both halves, starve a client and lie to others, while their client equivocates too and a correct replica is slow',
  source: 'what an operator of f replicas and some switches could do',
  expects: 'the invariants hold',
  traitors: primaryAndBackups,
  behaviour: () =>
    together(
      deafTo(and(fromClient(victimClient), whilePrimary)),
      onSend(and(isKind('pre-prepare'), whilePrimary, withProbability(0.5)), equivocate(set(otherWorld))),
      onSend(and(isVote, not(toVictims(1))), equivocate(set(voteInOtherWorld))),
      onSend(and(isVote, toVictims(1)), delay(20)),
      onSend(
        isKind('reply'),
        lie(() => FALSE_RESULTS),
      ),
    ),
  client: {
    awaits: ANSWERS,
    writes: KEY,
    behaviour: () => {
      let timestamp = 0
      return everyTicks(3, ({ replicas, board, link, request }) => {
        timestamp++
        const faces = ['one', 'another'].map((face) => {
          const value = utf8(`${face} ${timestamp}`)
          return request({
            timestamp,
            operations: encodeOperations([{ kind: 'put', key: utf8(KEY), value }]),
          })
        })
        // The traitors know both, and each half of the others one.
        const halves = halvesOf(replicas.filter((id) => !board.traitors.includes(id)))
        for (const [index, face] of faces.entries()) {
          for (const id of [...board.traitors, ...(halves[index] ?? [])]) link.send(face, id)
        }
      })
    },
  },
  judge: told(...ANSWERS),
  simulated: {
    faults: ({ last, lastsMs }) => slowed(last, { from: 0, to: lastsMs }),
  },
}
