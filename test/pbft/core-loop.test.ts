/** The guide at the head of src/pbft/effects.ts: its loop is compiled, and runs four cores until a request is answered. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Milliseconds, ReplicaId, Sequence } from '../../src/base/ids.ts'
import { isSigned } from '../../src/messages/content.ts'
import type { ProtocolMessage, Verified } from '../../src/messages/message.ts'
import type { Effect, LogRecord, Outgoing } from '../../src/pbft/effects.ts'
import type { Executed } from '../../src/pbft/ordering/execution.ts'
import { createReplicaState, type ReplicaState } from '../../src/pbft/state.ts'
import { type ClusterKit, createClusterKit, hash } from '../kit/cluster-kit.ts'
import { FakeApplication } from '../kit/fake-application.ts'
import { type Host, runCore } from './core-loop.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the guide shows the loop that runs here', () => {
  const loop = read('./core-loop.ts').split('// The loop:\nexport ')[1]?.trimEnd()
  const guide = read('../../src/pbft/effects.ts').match(/ \* ```ts\n(.*?) \* ```\n/s)?.[1]
  expect(guide?.replaceAll(/^ \* ?/gm, '').trimEnd()).toBe(loop)
})

/** One core with its log, its application and its end of the network; `journal` tells in which order it used them. */
class Node implements Host {
  readonly state: ReplicaState
  readonly journal: string[] = []
  readonly executed: Sequence[] = []
  readonly replied: Sequence[] = []
  readonly #kit: ClusterKit
  readonly #network: (to: number, message: Verified<ProtocolMessage>) => void
  readonly #application: FakeApplication
  #appended = 0
  #synced = 0

  constructor(
    kit: ClusterKit,
    id: number,
    network: (to: number, message: Verified<ProtocolMessage>) => void,
  ) {
    this.#kit = kit
    this.#network = network
    this.#application = new FakeApplication(kit)
    this.state = createReplicaState({
      id: id as ReplicaId,
      n: kit.n,
      checkpointInterval: kit.cluster.checkpointInterval,
      hash,
      standing: (request) => this.#application.standing(request),
    })
  }

  get needsSync(): boolean {
    return this.#synced < this.#appended
  }

  append({ kind }: LogRecord): void {
    this.#appended++
    this.journal.push(`append ${kind}`)
  }

  sync(): number {
    this.#synced = this.#appended
    this.journal.push('sync')
    return this.#synced
  }

  send(to: number, outgoing: Outgoing): void {
    this.#network(to, this.#messageOf(outgoing))
  }

  broadcast(outgoing: Outgoing): Verified<ProtocolMessage> | null {
    const message = this.#messageOf(outgoing)
    this.journal.push(`broadcast ${message.kind}`)
    for (const id of this.#kit.ids) if (id !== this.state.config.id) this.#network(id, message)
    return outgoing.kind !== 'relayed' && isSigned(outgoing) ? message : null
  }

  execute({ sequence, batch }: Effect & { readonly kind: 'execute' }): Executed {
    this.executed.push(sequence)
    return { sequence, ...this.#application.execute(sequence, batch) }
  }

  freeze(): Uint8Array {
    return this.#application.root
  }

  reply({ sequence }: Effect & { readonly kind: 'reply' }): void {
    this.replied.push(sequence)
  }

  /** Seals, decodes and verifies as a link and its receiver do. */
  #messageOf(outgoing: Outgoing): Verified<ProtocolMessage> {
    const { id } = this.state.config
    const bytes = outgoing.kind === 'relayed' ? outgoing.message.bytes : this.#kit.frameOf(id, outgoing)
    return this.#kit.accept(bytes, this.#kit.replicaPeer(id)) as Verified<ProtocolMessage>
  }
}

test('four cores in memory answer a request, and sync before they send', () => {
  const kit = createClusterKit(4)
  const underWay: {
    readonly from: number
    readonly to: number
    readonly message: Verified<ProtocolMessage>
  }[] = []
  const nodes = kit.ids.map(
    (from) => new Node(kit, from, (to, message) => void underWay.push({ from, to, message })),
  )
  for (const node of nodes) runCore(node.state, node, { kind: 'ticked', now: 1_000 as Milliseconds })
  const [primary, backup] = nodes as [Node, Node]
  runCore(primary.state, primary, { kind: 'received', message: kit.request(0), from: kit.clientPeer(0) })
  for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) {
    const node = nodes[next.to] as Node
    runCore(node.state, node, { kind: 'received', message: next.message, from: kit.replicaPeer(next.from) })
  }
  for (const { executed, replied } of nodes) {
    expect(executed).toEqual([1])
    expect(replied).toEqual([1])
  }
  const ofOrdering = ({ journal }: Node) => journal.filter((line) => !line.endsWith('status'))
  expect(ofOrdering(primary).slice(0, 3)).toEqual(['append proposed', 'sync', 'broadcast pre-prepare'])
  expect(ofOrdering(backup).slice(0, 6)).toEqual([
    ...['append accepted', 'sync', 'broadcast prepare'],
    ...['append prepared', 'sync', 'broadcast commit'],
  ])
})
