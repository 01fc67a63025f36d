/** The routes of leases. */

import { leaseIdOf, leaseIdText, NO_LEASE } from '../../src/store/lease-id.ts'
import type { LeaseOperation } from '../../src/store/lease-operations.ts'
import type { LeaseResult } from '../../src/store/lease-results.ts'
import { keyName } from '../api/key-name.ts'
import { getLease, grantLease, keepLease, listLeases, revokeLease } from '../api/leases.ts'
import type { EndpointRoutes } from './endpoint-routes.ts'
import { idempotencyOf } from './idempotency.ts'
import { execute, problemOf, type StoreAccess } from './key-operations.ts'

export function leaseRoutes(routes: EndpointRoutes, access: StoreAccess): void {
  routes.add(grantLease, async ({ body, headers }) => {
    const asked = leaseIdOf(body.id ?? '0') ?? NO_LEASE
    const { id, ttl, revision } = await executed(access, {
      kind: 'lease-grant',
      id: asked,
      ttl: body.ttl,
      ...idempotencyOf(headers),
    })
    return { id: leaseIdText(id), ttl, revision }
  })

  routes.add(listLeases, async () => {
    const { leases, revision } = await executed(access, { kind: 'leases' })
    return { leases: leases.map(leaseIdText), revision }
  })

  routes.add(getLease, async ({ parameters: { id, after = new Uint8Array(0) } }) => {
    const shown = await executed(access, { kind: 'lease-time-to-live', id, keys: true, after })
    const { leftMs, ttl, keys, more, revision } = shown
    return { id: leaseIdText(id), ttl, left: leftMs / 1_000, keys: keys.map(keyName), more, revision }
  })

  routes.add(revokeLease, async ({ parameters: { id }, headers }) => {
    const { deleted, revision } = await executed(access, {
      kind: 'lease-revoke',
      id,
      ...idempotencyOf(headers),
    })
    return { id: leaseIdText(id), deleted, revision }
  })

  routes.add(keepLease, async ({ parameters: { id } }) => {
    const { ttl, revision } = await executed(access, { kind: 'lease-keep-alive', id })
    return { id: leaseIdText(id), ttl, revision }
  })
}

/** Executes an operation and returns its result; throws a problem if it fails. */
async function executed<O extends LeaseOperation>(
  access: StoreAccess,
  operation: O,
): Promise<Extract<LeaseResult, { readonly kind: O['kind'] }>> {
  const result = await execute(access, operation)
  if (result.status !== 'ok' || result.kind !== operation.kind) throw problemOf(result)
  return result as Extract<LeaseResult, { readonly kind: O['kind'] }>
}
