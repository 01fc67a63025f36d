/** An adversary between an honest half that the test speaks for and a network that remembers. */
import { corrupt } from '../../attacks/language/adversary.ts'
import type { Blackboard } from '../../attacks/language/adversary-context.ts'
import type { Behaviour } from '../../attacks/language/behaviour.ts'
import type { Milliseconds, ReplicaId } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import type { Message } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { createReplicaState, type ReplicaState } from '../../src/pbft/state.ts'
import type { Peer, Transport } from '../../src/ports.ts'
import type { ReplicaRuntimeOptions } from '../../src/runtime/replica-runtime-options.ts'
import { type ClusterKit, hash, suite } from '../kit/cluster-kit.ts'

export interface Left {
  readonly to: Peer
  readonly frame: Uint8Array
}

export class AdversaryUnderTest {
  readonly left: Left[] = []
  /** The messages that its honest half heard. */
  readonly heard: Uint8Array[] = []
  acts = 0
  readonly state: ReplicaState
  readonly #kit: ClusterKit
  readonly #transport: Transport
  readonly #ticking: (() => void)[] = []
  #onFrame: (from: Peer, frame: Uint8Array) => boolean = () => true

  constructor(
    kit: ClusterKit,
    id: number,
    behaviour: () => Behaviour,
    options: {
      readonly traitors?: readonly number[]
      readonly starts?: number
      readonly isOn?: boolean
    } = {},
  ) {
    const { traitors = [id], starts = 1, isOn = true } = options
    this.#kit = kit
    this.state = createReplicaState({
      id: id as ReplicaId,
      n: kit.n,
      checkpointInterval: kit.cluster.checkpointInterval,
      hash,
      standing: () => 'new',
    })
    const board: Blackboard = { traitors: traitors as ReplicaId[], notes: new Map() }
    const recompose = corrupt({
      adversary: { behaviour },
      board,
      random: createRandom(1),
      isOn: () => isOn,
      onAct: () => this.acts++,
    })
    let parts = recompose(this.#parts(id))
    for (let start = 1; start < starts; start++) parts = recompose(this.#parts(id))
    this.#transport = parts.transport
    parts.transport.start({ onLink: () => {}, onFrame: (_, frame) => this.heard.push(frame) > 0 })
    parts.step?.(this.state, { kind: 'ticked', now: 0 as Milliseconds })
  }

  /** Its honest half sends this to each of them; returns the sent frames, decoded. */
  say(
    frame: Uint8Array,
    ...to: readonly Peer[]
  ): readonly { readonly to: Peer; readonly message: Message }[] {
    const before = this.left.length
    for (const peer of to) this.#transport.send(peer, frame)
    return this.left.slice(before).map((each) => ({ to: each.to, message: this.decode(each.frame) }))
  }

  receive(from: Peer, frame: Uint8Array): void {
    this.#onFrame(from, frame)
  }

  tick(count = 1): void {
    for (let done = 0; done < count; done++) for (const run of this.#ticking) run()
  }

  /** Fails for frames that correct replicas would not even read. */
  decode(frame: Uint8Array): Message {
    const message = decodeMessage(frame, this.#kit.tools)
    if (isRejection(message)) throw new Error(`left as ${message.reason}`)
    return message
  }

  #parts(id: number): ReplicaRuntimeOptions {
    this.#ticking.length = 0
    const parts: Partial<ReplicaRuntimeOptions> = {
      id: id as ReplicaId,
      cluster: this.#kit.cluster,
      suite,
      transport: {
        start: ({ onFrame }) => {
          this.#onFrame = onFrame
        },
        send: (to, frame) => this.left.push({ to, frame }) > 0,
        flush: () => {},
        resume: () => {},
        reachable: () => [],
        received: () => null,
        end: () => {},
      },
      clock: {
        now: () => 0 as Milliseconds,
        every: (_, run) => {
          this.#ticking.push(run)
          return () => {}
        },
        defer: () => {},
      },
      step: () => [],
    }
    // An adversary uses no more of them.
    return { ...parts, signer: this.#kit.signers[id] } as ReplicaRuntimeOptions
  }
}
