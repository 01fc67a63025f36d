/**
 * The choices of traitors against each algorithm. Messages that the receiver would discard are left out, because they
 * equal silence. Three values are enough for lies: 0, 1 and one that no process began with.
 */

import { EXCHANGES, encodeExchange, NO_PROPOSAL } from '../../classics/agreement/ben-or.ts'
import { pathsBelow } from '../../classics/agreement/path-tree.ts'
import { BROADCAST_STAGES, encodeStage } from '../../classics/agreement/reliable-broadcast.ts'
import {
  type Chain,
  encodeChain,
  readChain,
  type Seals,
  SIGNATURE_BYTES,
  signOn,
  unsigned,
} from '../../classics/agreement/signature-chain.ts'
import { everyoneBut, type Message, type ProcessId, type Value } from '../../classics/process.ts'
import { packPayload } from '../../messages/payload.ts'
import type { Choose } from './run.ts'
import type { Behaviour, Moment } from './run-rounds.ts'

const VALUES: readonly Value[] = [0, 1, 2]
const TWO_VALUES: readonly Value[] = [0, 1]

/** One of these, or nothing. */
function oneOrNone<T>(choose: Choose, options: readonly T[]): readonly T[] {
  const chosen = options[choose(options.length + 1)]
  return chosen === undefined ? [] : [chosen]
}

/** Against OM(m): another value, or none, along each path to each receiver. */
export function lyingGenerals({ n, commander = 0 }: { n: number; commander?: ProcessId }): Behaviour {
  return {
    listens: false,
    write: ({ round, from, to }, choose) =>
      pathsBelow(n, [commander], round - 1)
        .filter((path) => path.at(-1) === from && !path.includes(to))
        .flatMap((path) => oneOrNone(choose, VALUES).map((value) => packPayload([value, [...path]]))),
  }
}

/** Against information gathering: any values. Silence is one of them: it counts as the default. */
export function lyingGatherers({ n, faults }: { n: number; faults: number }): Behaviour {
  const paths = Array.from({ length: faults + 1 }, (_, length) => pathsBelow(n, [], length))
  const sizes = everyoneBut(n).map((id) =>
    paths.map((level) => level.filter((path) => !path.includes(id)).length),
  )
  return {
    listens: false,
    write: ({ round, from }, choose) => {
      const said = new Uint8Array(sizes[from]?.[round - 1] ?? 0)
      for (let index = 0; index < said.length; index++) said[index] = VALUES[choose(VALUES.length)] ?? 0
      return [packPayload([said])]
    },
  }
}

/** Against phase king: any value, any proposal, and as king any decree; or none. */
export const lyingKings: Behaviour = {
  listens: false,
  write: ({ round, from }, choose) => {
    const king = Math.ceil(round / 3) - 1
    if (round % 3 === 0 && from !== king) return []
    return oneOrNone(choose, VALUES).map((value) => packPayload([value]))
  },
}

/**
 * Against signatures: for each value nothing, or any chain made of the traitors' own signatures and of received ones,
 * held back or sent early, to some receivers only; or a chain with forged signatures.
 */
export function lyingSigners(context: {
  readonly n: number
  readonly seals: readonly Seals[]
  readonly traitors: readonly ProcessId[]
  readonly commander?: ProcessId
}): Behaviour {
  const { n, traitors, commander = 0 } = context
  /** Every message that can be made at a moment, by value. */
  const messagesAt = ({ round, to, heard }: Moment): readonly (readonly Uint8Array[])[] => {
    const known = heard.flatMap(({ payload }) => readChain(payload, n) ?? [])
    const chains = new Map<string, Chain>()
    for (const base of [...TWO_VALUES.map(unsigned), ...known.flatMap(prefixes)]) {
      for (const chain of signedOn(base, context)) {
        const { signers, value } = chain
        const isOfUse = signers[0] === commander && !signers.includes(to)
        if (isOfUse) chains.set([value, ...signers].join(), chain)
      }
    }
    const signers = [commander, ...everyoneBut(n, commander, to)].slice(0, round)
    return TWO_VALUES.map((value) =>
      [...[...chains.values()].filter((chain) => chain.value === value), forged(value, signers)].map(
        encodeChain,
      ),
    )
  }
  // The same moment recurs while its choices are explored.
  let last: {
    readonly moment: Moment
    readonly heard: number
    readonly messages: ReturnType<typeof messagesAt>
  } | null = null
  const isLast = ({ round, to, heard }: Moment): boolean =>
    last?.moment.round === round &&
    last.moment.to === to &&
    last.moment.heard === heard &&
    last.heard === heard.length
  return {
    listens: true,
    write: (moment, choose) => {
      if (moment.from !== traitors[0]) return [] // It does not matter which of them sends it.
      if (last === null || !isLast(moment)) {
        last = { moment, heard: moment.heard.length, messages: messagesAt(moment) }
      }
      return last.messages.flatMap((messages) => oneOrNone(choose, messages))
    },
  }
}

/** Nobody in it signed it. */
const forged = (value: Value, signers: readonly ProcessId[]): Chain => ({
  value,
  signers,
  signatures: new Uint8Array(signers.length * SIGNATURE_BYTES),
})

/** The prefixes of a chain: a process that knows a chain also knows its prefixes. */
const prefixes = ({ value, signers, signatures }: Chain): readonly Chain[] =>
  signers.map((_, index) => ({
    value,
    signers: signers.slice(0, index + 1),
    signatures: signatures.subarray(0, (index + 1) * SIGNATURE_BYTES),
  }))

/** The chain, and its extensions by signatures of traitors, in any order. */
function signedOn(
  chain: Chain,
  context: { readonly seals: readonly Seals[]; readonly traitors: readonly ProcessId[] },
): readonly Chain[] {
  const more = context.traitors
    .filter((traitor) => !chain.signers.includes(traitor))
    .flatMap((traitor) => signedOn(signOn(chain, traitor, context.seals[traitor] as Seals), context))
  return [chain, ...more]
}

/** Against reliable broadcast: in each stage to each receiver another value, or none. */
export function lyingBroadcaster(
  place: { readonly n: number; readonly self: ProcessId; readonly sender: ProcessId },
  choose: Choose,
): readonly Message[] {
  const stages = BROADCAST_STAGES.filter((stage) => stage !== 'initial' || place.self === place.sender)
  return everyoneBut(place.n, place.self).flatMap((to) =>
    stages.flatMap((stage) =>
      oneOrNone(choose, TWO_VALUES).map((value) => ({ to, payload: encodeStage(stage, value) })),
    ),
  )
}

/** Against Ben-Or: in each exchange of so many phases, to each receiver, another value or none. */
export function lyingTosser(
  place: { readonly n: number; readonly self: ProcessId; readonly phases: number },
  choose: Choose,
): readonly Message[] {
  return everyoneBut(place.n, place.self).flatMap((to) =>
    Array.from({ length: place.phases }, (_, index) => index + 1).flatMap((phase) =>
      EXCHANGES.flatMap((exchange) =>
        oneOrNone(choose, exchange === 'say' ? [0, 1] : [0, 1, NO_PROPOSAL]).map((value) => ({
          to,
          payload: encodeExchange({ phase, exchange, value }),
        })),
      ),
    ),
  )
}
