/** Proofs about whole states over HTTP: proved reads, and snapshots. */
import { Readable } from 'node:stream'
import { getSnapshot, proveKey } from '../api/read-proof.ts'
import { CertifiedState, StateUnavailable } from '../library/certified-state.ts'
import { nextCertifiedState } from '../library/next-checkpoint.ts'
import { OperationFailure } from '../library/operation-failure.ts'
import { whyNoEvidence } from '../verify/no-evidence.ts'
import { snapshotHead, snapshotPage } from '../verify/snapshot.ts'
import type { EndpointRoutes } from './endpoint-routes.ts'
import type { StoreAccess } from './key-operations.ts'
import { keyOf } from './key-value-routes.ts'
import { Problem } from './problem.ts'

/** The snapshots that are streamed at the same time. */
const SNAPSHOTS_MAX = 2

export function proofRoutes(routes: EndpointRoutes, { client, diagnose }: StoreAccess): void {
  let streaming = 0

  const open = async (state: 'last' | 'next'): Promise<CertifiedState> => {
    const whyNot = whyNoEvidence(client.connection.cluster)
    if (whyNot !== null) throw new Problem('no-evidence', whyNot)
    return state === 'next' ? nextCertifiedState(client) : CertifiedState.open(client.connection)
  }
  const reported = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof StateUnavailable) throw new Problem('no-checkpoint', error.message)
      if (!(error instanceof OperationFailure)) throw error
      throw new Problem(error.code, error.message, error.code === 'unknown' ? await diagnose() : {})
    }
  }

  routes.add(proveKey, async ({ parameters }) => {
    const key = keyOf(parameters)
    return reported(async () => (await open(parameters.state ?? 'last')).prove(key))
  })
  routes.add(getSnapshot, async ({ parameters, reply }) => {
    if (streaming >= SNAPSHOTS_MAX)
      throw new Problem('busy', `${SNAPSHOTS_MAX} snapshots are being sent already`)
    streaming++
    try {
      const state = await reported(() => open(parameters.state ?? 'next'))
      const stream = Readable.from(fileOf(client.connection.cluster.clusterId, state), { objectMode: false })
      stream.once('close', () => streaming--)
      return reply.type('application/octet-stream').send(stream)
    } catch (error) {
      streaming--
      throw error
    }
  })
}

async function* fileOf(clusterId: Uint8Array, state: CertifiedState): AsyncGenerator<Uint8Array> {
  yield snapshotHead(clusterId, state.certificate)
  for await (const page of state.pages()) yield snapshotPage(page)
}
