/** The routes of live attacks. They are added only where the cluster was started to be attacked. */
import type { FastifyInstance } from 'fastify'
import { faultsMax } from '../../src/base/quorum.ts'
import { launchAttack, showAttacks, withdrawAttack } from '../api/live-attacks.ts'
import type { StoreClient } from '../library/store-client.ts'
import type { ClusterReports } from './cluster-routes.ts'
import type { EndpointRoutes } from './endpoint-routes.ts'
import { type AttackOwner, LiveAttacks } from './live-attacks.ts'
import { Problem } from './problem.ts'
import type { ServiceMeter } from './service-meter.ts'
import { TrialLoad } from './trial-load.ts'

export function liveAttackRoutes(routes: EndpointRoutes, attacks: LiveAttacks, n: number): void {
  const checked = (replica: number): number => {
    if (replica >= n) throw new Problem('bad-request', `the cluster has replicas 0 to ${n - 1}`)
    return replica
  }
  routes.add(showAttacks, () => attacks.document())
  routes.add(launchAttack, async ({ body }) => {
    await attacks.launch(body.attack, checked(body.replica), body.beyond === true)
    return attacks.document()
  })
  routes.add(withdrawAttack, async ({ parameters }) => {
    await attacks.withdraw(checked(parameters.replica))
    return attacks.document()
  })
}

/** Adds live attacks to the gateway of a cluster that was started to be attacked. */
export function serveLiveAttacks(
  routes: EndpointRoutes,
  server: FastifyInstance,
  parts: {
    readonly owner: AttackOwner
    readonly client: StoreClient
    readonly reports: ClusterReports
    readonly meter: ServiceMeter
  },
): void {
  const { owner, client, reports, meter } = parts
  const n = client.connection.cluster.replicas.length
  const load = new TrialLoad({
    execute: (operation) => client.execute(operation),
    begin: () => meter.begin(),
  })
  const convicted = async (): Promise<readonly number[]> => {
    const { status } = await reports.status()
    return status.replicas.filter(({ evidence }) => evidence.length > 0).map(({ id }) => id)
  }
  const attacks = new LiveAttacks({ owner, load, f: faultsMax(n), convicted })
  server.addHook('preClose', async () => attacks.close())
  liveAttackRoutes(routes, attacks, n)
}
