import { kindNumberIn } from '../../messages/frame.ts'
import { numbersWith } from '../../messages/kinds.ts'
import type { Peer } from '../../ports.ts'
import { FairTurns, type TurnTaker } from './fair-turns.ts'

/**
 * The most that one peer may have waiting before its link pauses, in bytes of undecoded frames. For a replica it is
 * more than the largest frame. For a client it is less, because anyone can be a client.
 */
export const INBOX_BYTES_PER_REPLICA_MAX = 8.5 * 1024 * 1024
export const INBOX_BYTES_PER_CLIENT_MAX = 1024 * 1024
/** The cost of a frame in addition to its bytes: otherwise a flood of tiny frames would count as a few bytes. */
const FRAME_OVERHEAD_BYTES = 256

/** The number of taken frames after which their array places are freed. */
const COMPACT_AFTER = 8

/**
 * The lane of a frame: three queues for each peer, and three rotas. Messages that keep an overloaded cluster alive have
 * a lane of their own. All clients together get a third of the work while replicas have frames waiting.
 */
type Lane = 'reserve' | 'replicas' | 'clients'

const RESERVE_KINDS = numbersWith({ lane: 'reserve' })

const TAKEN = new Uint8Array(0)

interface Account {
  readonly peer: Peer
  bytes: number
  isPaused: boolean
  readonly queues: Map<Lane, Queue>
}

interface Queue extends TurnTaker {
  readonly account: Account
  readonly lane: Lane
  /** The rest of its last turn, which precedes its frames. */
  rest: Rest | null
  readonly frames: Uint8Array[]
  next: number
}

interface Rest {
  readonly continuation: Continuation
  readonly bytes: number
}

interface Rota extends TurnTaker {
  readonly queues: FairTurns<Queue>
}

/** One peer's turn. */
export interface Turn {
  readonly peer: Peer
  /** The peer's next frame, or the continuation of the one before. */
  readonly work: Uint8Array | Continuation
  /** Charges the cost of this frame, in signature checks. It delays the sender's next turn accordingly. */
  charge(checks: number): void
  /** Keeps the rest of the work for the peer's next turn, before its next frame. */
  keep(continuation: Continuation): void
}

export type Continuation = (turn: Turn) => number

/**
 * Bounded queues per peer. Turns depend on the cost of frames, not on their number: a peer that sends many or expensive
 * frames delays itself, not the others.
 * @rule 5.5
 */
export class Inbox {
  readonly #accounts = new Map<string, Account>()
  readonly #rotas: Readonly<Record<Lane, Rota>>
  readonly #lanes = new FairTurns<Rota>()
  readonly #resume: (peer: Peer) => void

  constructor(resume: (peer: Peer) => void) {
    this.#resume = resume
    this.#rotas = { reserve: createRota(), replicas: createRota(), clients: createRota() }
  }

  get isEmpty(): boolean {
    return this.#lanes.isEmpty
  }

  /** Adds a frame. Returns false if the peer's queue is now full: its link pauses until it is resumed. */
  push(peer: Peer, frame: Uint8Array): boolean {
    const account = this.#accountOf(peer)
    const queue = queueOf(account, laneOf(peer, frame))
    if (!isWaiting(queue)) this.#enter(queue)
    queue.frames.push(frame)
    account.bytes += bytesOf(frame)
    if (account.bytes > bytesMax(peer)) account.isPaused = true
    return !account.isPaused
  }

  /** Returns the next turn; null if no frame waits. */
  take(): Turn | null {
    const rota = this.#lanes.next()
    const queue = rota?.queues.next() ?? null
    if (rota === null || queue === null) return null
    const { account } = queue
    const { work, bytes } = this.#workOf(queue)
    if (isWaiting(queue)) rota.queues.enter(queue)
    if (!rota.queues.isEmpty) this.#lanes.enter(rota)
    account.bytes -= bytes
    this.#forget(account)
    if (account.isPaused && account.bytes <= bytesMax(account.peer) / 2) {
      account.isPaused = false
      this.#resume(account.peer)
    }
    return {
      peer: account.peer,
      work,
      charge: (checks) => {
        queue.cost += checks
        rota.cost += checks
      },
      keep: (continuation) => this.#keep(queue, { continuation, bytes }),
    }
  }

  #keep(queue: Queue, rest: Rest): void {
    const { account } = queue
    if (!isWaiting(queue)) this.#enter(queue)
    queue.rest = rest
    account.bytes += rest.bytes
    this.#accounts.set(keyOf(account.peer), account)
  }

  /** Drops everything that a peer has waiting. A paused link stays paused. */
  drop(peer: Peer): void {
    const account = this.#accounts.get(keyOf(peer))
    if (account === undefined) return
    for (const queue of account.queues.values()) {
      if (!isWaiting(queue)) continue
      queue.rest = null
      queue.frames.length = 0
      queue.next = 0
      const rota = this.#rotas[queue.lane]
      rota.queues.leave(queue)
      if (rota.queues.isEmpty) this.#lanes.leave(rota)
    }
    account.bytes = 0
    account.isPaused = false
    this.#forget(account)
  }

  #accountOf(peer: Peer): Account {
    const key = keyOf(peer)
    const known = this.#accounts.get(key)
    if (known !== undefined) return known
    const account = { peer, bytes: 0, isPaused: false, queues: new Map() }
    this.#accounts.set(key, account)
    return account
  }

  #enter(queue: Queue): void {
    const rota = this.#rotas[queue.lane]
    if (rota.queues.isEmpty) this.#lanes.enter(rota)
    rota.queues.enter(queue)
  }

  #workOf(queue: Queue): { readonly work: Uint8Array | Continuation; readonly bytes: number } {
    const { rest } = queue
    if (rest !== null) {
      queue.rest = null
      return { work: rest.continuation, bytes: rest.bytes }
    }
    const frame = this.#frameOf(queue)
    return { work: frame, bytes: bytesOf(frame) }
  }

  #frameOf(queue: Queue): Uint8Array {
    const frame = queue.frames[queue.next++] as Uint8Array
    queue.frames[queue.next - 1] = TAKEN
    if (queue.next === queue.frames.length) {
      queue.frames.length = 0
      queue.next = 0
    } else if (queue.next >= COMPACT_AFTER && queue.next * 2 >= queue.frames.length) {
      queue.frames.splice(0, queue.next) // frees taken frames of a queue that never runs empty
      queue.next = 0
    }
    return frame
  }

  /** Forgets a client that left and has no frames waiting. */
  #forget({ peer, bytes }: Account): void {
    if (peer.kind === 'client' && bytes === 0) this.#accounts.delete(keyOf(peer))
  }
}

const isWaiting = ({ rest, frames }: Queue): boolean => rest !== null || frames.length > 0

const bytesOf = ({ length }: Uint8Array): number => length + FRAME_OVERHEAD_BYTES

const createRota = (): Rota => ({ cost: 0, queues: new FairTurns() })

function queueOf(account: Account, lane: Lane): Queue {
  const known = account.queues.get(lane)
  if (known !== undefined) return known
  const queue = { account, lane, rest: null, frames: [], next: 0, cost: 0 }
  account.queues.set(lane, queue)
  return queue
}

function laneOf(peer: Peer, frame: Uint8Array): Lane {
  if (peer.kind === 'client') return 'clients'
  return RESERVE_KINDS.has(kindNumberIn(frame)) ? 'reserve' : 'replicas'
}

const keyOf = ({ kind, id }: Peer): string => `${kind}:${id}`

const bytesMax = ({ kind }: Peer): number =>
  kind === 'replica' ? INBOX_BYTES_PER_REPLICA_MAX : INBOX_BYTES_PER_CLIENT_MAX
