/** Compaction of the history over HTTP. */
import { compactHistory } from '../api/compaction.ts'
import type { EndpointRoutes } from './endpoint-routes.ts'
import { execute, problemOf, type StoreAccess } from './key-operations.ts'

export function compactionRoutes(routes: EndpointRoutes, access: StoreAccess): void {
  routes.add(compactHistory, async ({ body: { revision: floor }, reply }) => {
    const result = await execute(access, { kind: 'compact', revision: floor })
    if (result.status !== 'ok' || result.kind !== 'compact') throw problemOf(result)
    reply.header('strategos-revision', `${result.revision}`)
    return { revision: result.revision, floor }
  })
}
