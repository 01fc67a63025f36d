/**
 * A cluster of production replicas and clients on virtual time, in which every frame, signature, tag and hash is counted.
 * The network is calm: a frame takes one virtual millisecond, a sync a tenth of one.
 */
import { assert } from '../base/assert.ts'
import { readU16, utf8 } from '../base/bytes.ts'
import { given } from '../base/given.ts'
import type { ReplicaId } from '../base/ids.ts'
import { createRandom, type Random } from '../base/random.ts'
import { type AuthenticationMode, type RequestMode, storeParametersOf } from '../messages/cluster.ts'
import { type FrameKind, isFrameKind, kindName } from '../messages/kinds.ts'
import type { CryptoSuite, Peer, Transport } from '../ports.ts'
import { ClientRuntime } from '../runtime/client-runtime.ts'
import { ReplicaRuntime, type StepFunction } from '../runtime/replica-runtime.ts'
import { sessionNonce } from '../simulator/world/virtual-client.ts'
import { VirtualClock, VirtualTime } from '../simulator/world/virtual-clock.ts'
import { createIdentities } from '../simulator/world/virtual-cluster.ts'
import { VirtualDisk } from '../simulator/world/virtual-disk.ts'
import { VirtualNetwork } from '../simulator/world/virtual-network.ts'
import { createStore } from '../store/application.ts'
import { OperationsWriter } from '../store/operations-writer.ts'
import { CryptoCounts, countingSuite } from './counting-suite.ts'
import { Meter } from './meter.ts'
import { createLinks, type Links, nameOf, sealedTransport } from './sealed-transport.ts'

/** Bytes of the value that each put writes. */
export const VALUE_BYTES = 100
const SETTLING_MS = 12
/** A decision that takes longer in virtual time is one that never comes. */
const PATIENCE_MS = 60_000

export interface MeasuredClusterOptions {
  readonly n: number
  readonly mode: AuthenticationMode
  /** `signed` when absent. */
  readonly requests?: RequestMode
  readonly suite: CryptoSuite
  readonly clients: number
  readonly checkpointInterval: number
  /** Sets of kinds for which chains of causes are measured. */
  readonly chains: readonly (readonly string[])[]
  /** True if signatures and hashes are counted: that costs time itself. */
  readonly countsCrypto: boolean
  /** The protocol of a replica that does something else; null for the others. */
  readonly step?: (id: ReplicaId) => StepFunction | null
}

export class MeasuredCluster {
  readonly meter: Meter
  readonly crypto = new CryptoCounts()
  readonly replicas: readonly ReplicaRuntime[]
  /** The replicas, then the clients. */
  readonly peers: readonly Peer[]
  readonly #time = new VirtualTime()
  readonly #random: Random = createRandom(1)
  readonly #network: VirtualNetwork
  readonly #links: Links
  readonly #clients: readonly ClientRuntime[]
  readonly #writer = new OperationsWriter()
  #asked = 0
  #answered = 0

  constructor(options: MeasuredClusterOptions) {
    const { n, mode, requests = 'signed', checkpointInterval, countsCrypto } = options
    this.meter = new Meter(() => this.#time.now, options.chains)
    const suite = countsCrypto ? countingSuite(options.suite, this.crypto, signedKind) : options.suite
    const identities = createIdentities(
      {
        seed: 1,
        n,
        mode,
        requests,
        suite: suite.name,
        checkpointInterval,
        workload: { clients: options.clients },
      },
      suite,
      0,
    )
    const { cluster, agreementSecrets } = identities
    const peers: readonly Peer[] = [
      ...cluster.replicas.map(({ id }): Peer => ({ kind: 'replica', id })),
      ...cluster.clients.map(({ id }): Peer => ({ kind: 'client', id })),
    ]
    this.peers = peers
    this.#links = createLinks(options.suite, peers)
    this.#network = new VirtualNetwork({ time: this.#time, random: this.#random.fork(), peers })
    this.#network.conditions = { delayMs: [1, 1], loss: 0, duplication: 0, reordering: 0 }
    this.replicas = cluster.replicas.map(({ id }) => {
      const signer = identities.replicaSigners[id]
      const agreementSecret = agreementSecrets.replica[id]
      assert(signer !== undefined && agreementSecret !== undefined, 'each replica has its keys')
      const disk = new VirtualDisk(this.#time, this.#random.fork(), {
        syncMs: [0.1, 0.1],
        readMs: 0.1,
        isTornAtCrash: false,
      })
      const step = options.step?.(id) ?? null
      return new ReplicaRuntime({
        id,
        cluster,
        suite,
        signer,
        agreementSecret,
        transport: this.#attach({ kind: 'replica', id }),
        replay: disk.open(),
        pages: disk.pages,
        application: createStore({ hash: suite.hash, ...storeParametersOf(cluster) }),
        entropy: (size) => Uint8Array.from({ length: size }, () => this.#random.below(256)),
        clock: new VirtualClock(this.#time),
        ...given({ step }),
      })
    })
    this.#clients = cluster.clients.map(({ id }, index) => {
      const signer = identities.clientSigners[index]
      const agreementSecret = agreementSecrets.client[index]
      assert(signer !== undefined && agreementSecret !== undefined, 'each client has its keys')
      return new ClientRuntime({
        cluster,
        suite,
        signer,
        session: sessionNonce(index, 1),
        agreementSecret,
        transport: this.#attach({ kind: 'client', id }),
        clock: new VirtualClock(this.#time),
        random: this.#random.fork(),
        reservations: { reservedUpTo: 0, reserve: (_upTo, done) => this.#time.after(0, done) },
      })
    })
    this.settle()
  }

  /** The replica is down from now on, and nobody is told: others go on sending to it. */
  crash(id: ReplicaId): void {
    this.replicas[id]?.stop()
    this.#links.crashed.add(nameOf({ kind: 'replica', id }))
  }

  /** Asks for one put, of a key of the client's own. */
  ask(client = 0): void {
    this.#writer.reset()
    const key = utf8(`key ${client}`)
    this.#writer.add({ kind: 'put', key, value: new Uint8Array(VALUE_BYTES).fill(++this.#asked & 0xff) })
    this.#clients[client]?.submit(this.#writer.finish(), (submitted) => {
      assert(submitted.kind === 'answered', 'a put is answered')
      this.#answered++
    })
  }

  /** Lets things happen until it is so. */
  runUntil(isSo: () => boolean): void {
    const end = this.#time.now + PATIENCE_MS
    while (!isSo()) {
      assert(this.#time.now < end && this.#time.next(), 'what is waited for happens in time')
    }
  }

  runUntilAnswered(): void {
    this.runUntil(() => this.#answered === this.#asked)
  }

  /** Lets everything come to rest that is still under way. */
  settle(): void {
    this.#time.runUntil(this.#time.now + SETTLING_MS)
  }

  /** Time passes. */
  wait(milliseconds: number): void {
    this.#time.runUntil(this.#time.now + milliseconds)
  }

  /** Counting begins. */
  reset(): void {
    this.meter.reset()
    this.crypto.reset()
  }

  #attach(peer: Peer): Transport {
    return sealedTransport(this.#network.attach(peer), peer, this.#links, this.meter)
  }
}

const TAG_NAME = utf8('strategos')
const TAG_BYTES = TAG_NAME.length + 2 + 32

/** The kind of message that these parts are the signing digest of: its domain tag says so (messages/frame.ts). */
function signedKind([tag, payload]: readonly Uint8Array[]): string | null {
  if (tag?.length !== TAG_BYTES || payload === undefined || readU16(tag, 0) !== readU16(TAG_NAME, 0))
    return null
  const kind = tag[TAG_NAME.length + 1] as number
  return isFrameKind(kind) ? kindName(kind satisfies FrameKind) : null
}
