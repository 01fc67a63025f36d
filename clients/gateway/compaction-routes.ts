/** The routes of the compaction of the history. */
import { compactHistory } from '../api/compaction.ts'
import type { EndpointRoutes } from './endpoint-routes.ts'
import { idempotencyOf } from './idempotency.ts'
import { execute, problemOf, type StoreAccess } from './key-operations.ts'

export function compactionRoutes(routes: EndpointRoutes, access: StoreAccess): void {
  routes.add(compactHistory, async ({ body: { revision: floor }, headers, reply }) => {
    const result = await execute(access, {
      kind: 'compact',
      revision: floor,
      ...idempotencyOf(headers),
    })
    if (result.status !== 'ok' || result.kind !== 'compact') throw problemOf(result)
    reply.header('strategos-revision', `${result.revision}`)
    return { revision: result.revision, floor }
  })
}
