/** A client's session with its caller's duties, and the replies and refusals that replicas can send it. */
import type { ReplicaId, Sequence, Timestamp, View } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import { hasUnorderedReads } from '../../src/messages/cluster.ts'
import type { Place, Refusal, RefusalReason, Reply, Request, Verified } from '../../src/messages/message.ts'
import { encodeRequest } from '../../src/messages/request.ts'
import { createReplyMaker } from '../../src/runtime/execution/replies.ts'
import {
  createSessionState,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
  stepSession,
} from '../../src/session/session.ts'
import { type ClusterKit, hash, SESSION, seedOf } from './cluster-kit.ts'

type EffectOf<K extends SessionEffect['kind']> = Extract<SessionEffect, { readonly kind: K }>

export function sessionEffects<K extends SessionEffect['kind']>(
  effects: readonly SessionEffect[],
  kind: K,
): EffectOf<K>[] {
  return effects.filter((effect): effect is EffectOf<K> => effect.kind === kind)
}

export interface ReplyOptions {
  readonly view?: number
  /** Sends only the digest. */
  readonly isShort?: boolean
}

export class SessionUnderTest {
  readonly state: SessionState
  readonly #kit: ClusterKit
  /** The replicas that it asked for its last timestamp, with the tokens that it repeated. */
  readonly asked: { readonly to: ReplicaId; readonly token: number }[] = []
  #nextToken = 1

  /** A session of client 0. `reserved` timestamps from `reservedBefore` on are already durable. */
  constructor(
    kit: ClusterKit,
    { reservedBefore = 0, reserved = 4096, seed = 1, executed = 0 }: SessionOptions = {},
  ) {
    this.#kit = kit
    const signer = kit.clientSigner(0)
    const tools = {
      hash,
      signingDigest: kit.signingDigest,
      sign: (digest: Uint8Array) => signer.sign(digest),
    }
    this.state = createSessionState(
      {
        n: kit.n,
        hasUnorderedReads: hasUnorderedReads(kit.cluster),
        session: SESSION,
        random: createRandom(seed),
        makeRequest: (content) => encodeRequest({ ...content, publicKey: signer.publicKey }, tools),
      },
      reservedBefore,
    )
    if (executed !== null) for (const id of kit.ids.slice(0, kit.q)) this.place(id, executed)
    if (reserved > 0) this.step({ kind: 'reserved', upTo: this.state.nextTimestamp - 1 + reserved })
  }

  step(event: SessionEvent): readonly SessionEffect[] {
    return stepSession(this.state, event).filter((effect) => {
      if (effect.kind === 'ask-place') this.asked.push(effect)
      return effect.kind !== 'ask-place'
    })
  }

  /** Delivers a replica's report of the client's last timestamp. */
  place(sender: number, timestamp: number, options: PlaceOptions = {}): readonly SessionEffect[] {
    return this.step({ kind: 'received', message: this.placeOf(sender, timestamp, options) })
  }

  placeOf(
    sender: number,
    timestamp: number,
    { session = SESSION, token = 1, isShared = false }: PlaceOptions = {},
  ): Verified<Place> {
    const frame = this.#kit.frameOf(sender, {
      kind: 'place',
      session,
      timestamp: timestamp as Timestamp,
      token,
      isShared,
    })
    const message = this.#kit.accept(frame, this.#kit.replicaPeer(sender))
    if (message.kind !== 'place') throw new Error('no place')
    return message
  }

  submit(operations: Uint8Array = seedOf(7)): readonly SessionEffect[] {
    return this.step({ kind: 'submitted', token: this.#nextToken++, operations })
  }

  /** Submits operations, and returns the sent request. */
  ask(): Request {
    const [sent] = sessionEffects(this.submit(), 'send')
    if (sent === undefined) throw new Error('nothing was sent')
    return sent.request
  }

  tick(count = 1): readonly SessionEffect[] {
    return Array.from({ length: count }, () => this.step({ kind: 'ticked' })).flat()
  }

  /** The reply of `sender` to a request. */
  reply(sender: number, request: Request, results: Uint8Array, options: ReplyOptions = {}) {
    return this.step({ kind: 'received', message: this.replyOf(sender, request, results, options) })
  }

  replyOf(
    sender: number,
    request: Request,
    results: Uint8Array,
    options: ReplyOptions = {},
  ): Verified<Reply> {
    const signer = this.#kit.signers[sender]
    if (signer === undefined) throw new Error(`no replica ${sender}`)
    const { client, publicKey, session, timestamp, digest: requestDigest } = request
    const maker = createReplyMaker({
      id: sender as ReplicaId,
      hash,
      signer,
      signingDigest: this.#kit.signingDigest,
    })
    const outcome = {
      client,
      publicKey,
      session,
      timestamp,
      requestDigest,
      results,
      standing: 'new',
      recovery: null,
    } as const
    const place = { view: (options.view ?? 0) as View, sequence: 1 as Sequence }
    const [made] = maker.repliesFor(place, [{ outcome, isWhole: options.isShort !== true }])
    if (made === undefined) throw new Error('no reply')
    const message = this.#kit.accept(made.frame, this.#kit.replicaPeer(sender))
    if (message.kind !== 'reply') throw new Error('no reply')
    return message
  }

  /** Submits a read. */
  read(operations: Uint8Array = seedOf(8)): readonly SessionEffect[] {
    return this.step({ kind: 'read-submitted', token: this.#nextToken++, operations })
  }

  /** The answer of `sender` to the read of this number; null results mean that the read must be ordered. */
  answerRead(
    sender: number,
    number: number,
    results: Uint8Array | null,
    { session = SESSION, revision = 2, isShort = false }: ReadAnswerOptions = {},
  ): readonly SessionEffect[] {
    const frame = this.#kit.frameOf(sender, {
      kind: 'read-answer',
      session,
      number,
      revision,
      resultDigest: results === null ? new Uint8Array(0) : hash(results),
      results: isShort ? null : results,
    })
    const message = this.#kit.accept(frame, this.#kit.replicaPeer(sender))
    if (message.kind !== 'read-answer') throw new Error('no answer')
    return this.step({ kind: 'received', message })
  }

  refusalOf(sender: number, request: Request, reason: RefusalReason): Verified<Refusal> {
    const { timestamp, digest: requestDigest } = request
    const frame = this.#kit.frameOf(sender, { kind: 'refusal', timestamp, requestDigest, reason })
    const message = this.#kit.accept(frame, this.#kit.replicaPeer(sender))
    if (message.kind !== 'refusal') throw new Error('no refusal')
    return message
  }

  refuse(sender: number, request: Request, reason: RefusalReason) {
    return this.step({ kind: 'received', message: this.refusalOf(sender, request, reason) })
  }
}

export interface ReadAnswerOptions {
  readonly session?: Uint8Array
  readonly revision?: number
  readonly isShort?: boolean
}

export interface PlaceOptions {
  readonly session?: Uint8Array
  readonly token?: number
  readonly isShared?: boolean
}

export interface SessionOptions {
  readonly reservedBefore?: number
  readonly reserved?: number
  readonly seed?: number
  /** t* as reported by Q replicas; null without any report. */
  readonly executed?: number | null
}

export const timestampOf = (timestamp: number): Timestamp => timestamp as Timestamp
