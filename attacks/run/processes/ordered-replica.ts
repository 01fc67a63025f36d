/**
 * A replica that is honest until its parent process orders it to play an attack, and honest again when it is ordered to
 * stop. It never restarts in between, so that an attack of a primary begins while it is the primary.
 */
import { type ReplicaProcess, startReplica } from '../../../replicas/replica-process.ts'
import { type ReplicaId, toReplicaId } from '../../../src/base/ids.ts'
import { createRandom } from '../../../src/base/random.ts'
import { EVERY_ATTACK } from '../../catalogue/every-attack.ts'
import { corrupt } from '../../language/adversary.ts'
import type { Blackboard } from '../../language/adversary-context.ts'
import { adversaryOf } from '../../language/attack.ts'
import type { Behaviour } from '../../language/behaviour.ts'

/** An order of the parent process: the attack to play, or null to be honest; and the ids of all that play one. */
export interface PlayOrder {
  readonly play: string | null
  readonly traitors: readonly number[]
}

/** A message to the parent process: the attack that is played, and the number of acts since the order. */
export interface PlayNews {
  readonly plays: string | null
  readonly acts: number
}

const NEWS_MS = 100

export async function startOrderedReplica(options: {
  readonly directory: string
  readonly id: number
  readonly seed: number
  readonly onFailure: (error: Error) => void
  readonly onNews: (news: PlayNews) => void
}): Promise<ReplicaProcess & { order(order: PlayOrder): void }> {
  const { directory, id, seed, onFailure, onNews } = options
  const traitors: ReplicaId[] = []
  const board: Blackboard = { traitors, notes: new Map() }
  let plays: string | null = null
  let behaviour: Behaviour = {}
  let acts = 0
  let told = 0
  const tell = (): void => {
    told = acts
    onNews({ plays, acts })
  }
  const recompose = corrupt({
    adversary: { behaviour: () => following(() => behaviour) },
    board,
    random: createRandom(seed),
    isOn: () => plays !== null,
    onAct: () => {
      acts++
    },
  })
  const replica = await startReplica({ directory, id, onFailure, onLoss: () => {}, recompose })
  const news = setInterval(() => {
    if (acts !== told) tell()
  }, NEWS_MS).unref()
  return {
    ...replica,
    close: () => {
      clearInterval(news)
      return replica.close()
    },
    order: (order) => {
      traitors.splice(0, traitors.length, ...order.traitors.map((each) => toReplicaId(each)))
      if (order.play !== plays) {
        const attack = order.play === null ? undefined : EVERY_ATTACK.get(order.play)
        behaviour = (attack === undefined ? undefined : adversaryOf(attack))?.behaviour() ?? {}
        plays = attack === undefined ? null : attack.name
        board.notes.clear()
        acts = 0
      }
      tell()
    },
  }
}

/** The behaviour that is current at each moment. */
const following = (current: () => Behaviour): Behaviour => ({
  send: (intercepted, place) => current().send?.(intercepted, place) ?? null,
  receive: (intercepted, place) => current().receive?.(intercepted, place),
  isDeafTo: (intercepted, place) => current().isDeafTo?.(intercepted, place) ?? false,
  tick: (place) => current().tick?.(place),
})
