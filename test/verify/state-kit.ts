/** A state with many pages, certified by replicas whose keys the test has, and replicas that serve its pages. */
import { CertifiedState } from '../../clients/library/certified-state.ts'
import type { Connection } from '../../clients/library/connection.ts'
import type { ReplicaId, Sequence } from '../../src/base/ids.ts'
import { encodeCertificate } from '../../src/messages/certificate.ts'
import { createSigningDigest, encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import type { StateInquiry, StatePages } from '../../src/messages/message.ts'
import { packPayload } from '../../src/messages/payload.ts'
import type { Snapshot } from '../../src/ports.ts'
import { put, remove } from '../store/harness.ts'
import { SigningCluster, suite } from './proof-kit.ts'

const EMPTY = new Uint8Array(0)
export const LARGE = 'v'.repeat(5_000)

export class CertifiedStore {
  readonly signing: SigningCluster
  readonly snapshot: Snapshot
  readonly root: Uint8Array
  readonly sequence: number
  /** Returns the bytes that a replica sends for a page; the page by default. */
  lie: (replica: number, page: Uint8Array) => Uint8Array = (_replica, page) => page
  /** The questions that each replica was asked. */
  readonly asked: number[] = [0, 0, 0, 0]

  constructor() {
    this.signing = new SigningCluster({ checkpointInterval: 4, keys: 900 })
    const { store } = this.signing
    for (let index = 0; index < 300; index++)
      store.run(put(`key ${index}`, `value ${index} ${'.'.repeat(60)}`))
    store.run(put('large', LARGE), put('colour', 'blue'), put('gone', 'x'), remove('gone'))
    while (store.store.lastSequence % 4 !== 0) store.run(put('filler', 'x'))
    this.snapshot = store.store.snapshot()
    this.root = this.snapshot.hashSome(Number.POSITIVE_INFINITY) ?? EMPTY
    this.sequence = store.store.lastSequence
  }

  /** The certificate of these replicas. */
  certificate(
    by: readonly number[] = [0, 1, 2],
    about: { readonly sequence?: number; readonly root?: Uint8Array } = {},
  ): Uint8Array {
    return encodeCertificate(by.map((id) => ({ envelope: this.checkpoint(id, about) })))
  }

  checkpoint(
    id: number,
    {
      sequence = this.sequence,
      root = this.root,
    }: { readonly sequence?: number; readonly root?: Uint8Array } = {},
    kind: 'checkpoint' | 'prepare' = 'checkpoint',
  ): Uint8Array {
    const payload = packPayload([id, sequence, root])
    const digest = createSigningDigest(suite.hash, this.signing.cluster.clusterId)(FRAME_KINDS[kind], payload)
    const authentication = this.signing.signers[id]?.sign(digest) ?? EMPTY
    return Uint8Array.from(
      encodeFrame({ kind: FRAME_KINDS[kind], payload, authentication, body: EMPTY }).envelope,
    )
  }

  get connection(): Connection {
    const askForState = (
      replica: ReplicaId,
      { sequence, paths }: Pick<StateInquiry, 'sequence' | 'paths'>,
      deliver: (pages: StatePages) => void,
    ) => {
      this.asked[replica] = (this.asked[replica] ?? 0) + 1
      const pages = paths.map((path) => this.lie(replica, this.snapshot.page(path) ?? EMPTY))
      const certificate = sequence === 0 ? this.certificate() : EMPTY
      queueMicrotask(() =>
        deliver({ sequence: this.sequence as Sequence, certificate, pages } as unknown as StatePages),
      )
      return () => {}
    }
    return { cluster: this.signing.cluster, runtime: { askForState } } as unknown as Connection
  }

  open = (): Promise<CertifiedState> => CertifiedState.open(this.connection)
}
