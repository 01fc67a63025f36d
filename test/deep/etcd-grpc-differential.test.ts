/**
 * The port of gRPC against that of a real etcd: the same drawn requests to both, equal answers. Before a store of this
 * process; before replicas of which one is a traitor; and with the primary killed in the middle. ETCD_REQUESTS is the
 * number of requests, those to processes are a tenth of it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { TestCluster } from '../../attacks/run/processes/test-cluster.ts'
import { attackArguments, childArguments } from '../../clients/cli/child-arguments.ts'
import { toReplicaId } from '../../src/base/ids.ts'
import { compareOverGrpc, DrawnRequests } from '../etcd/differential.ts'
import { startStoreGateway } from '../etcd/store-gateway.ts'
import { PATIENCE_MS } from '../kit/patience.ts'
import { EtcdProcess } from '../store/etcd-model/etcd-process.ts'

const REQUESTS = Number(process.env['ETCD_REQUESTS'] ?? 5_000)
const WHY_NOT = EtcdProcess.whyNot()
const KINDS = ['put', 'range', 'deleteRange', 'txn', 'compact', 'leaseGrant', 'leaseRevoke', 'leaseKeepAlive']

describe.skipIf(WHY_NOT !== null)(
  `gRPC and that of a real etcd${WHY_NOT === null ? '' : `: ${WHY_NOT}`}`,
  () => {
    let etcd: EtcdProcess
    let testCluster: TestCluster | null = null
    beforeAll(async () => {
      etcd = await EtcdProcess.start()
    })
    afterEach(async () => {
      await testCluster?.close()
      testCluster = null
      // Another run begins with an empty store.
      await etcd.stop()
      etcd = await EtcdProcess.start()
    })
    afterAll(() => etcd?.stop())

    test(`answer ${REQUESTS} drawn requests alike`, async () => {
      const own = await startStoreGateway()
      try {
        const drawn = new DrawnRequests(11)
        const difference = await compareOverGrpc([own.url, etcd.url], { requests: REQUESTS, drawn })
        expect(difference).toBe(null)
        expect([...drawn.seen.keys()]).toEqual(expect.arrayContaining(KINDS))
      } finally {
        await own.server.close()
      }
    })

    /** Replicas in processes of their own, of which one plays an attack if it has a name. */
    async function cluster(attack: string | null): Promise<TestCluster> {
      testCluster = await TestCluster.open({
        ...{ name: attack ?? 'none', n: 4, suite: 'sodium', auth: 'signed', requests: 'signed', seed: 1 },
        traitors: attack === null ? [] : [toReplicaId(0)],
        clients: ['gateway'],
        hasProxies: false,
        hasGateway: true,
        commands: {
          replica: (directory, id) => childArguments(directory, { port: 0 }).replicaArguments(id),
          gateway: (directory) =>
            childArguments(directory, { port: 0, timeout: PATIENCE_MS }).gatewayArguments,
          traitors: ({ name, root, ids, seed }) => [
            ...attackArguments(name, root),
            ...['--play', ids.join(','), '--seed', `${seed}`, '--orders'],
          ],
          client: () => [],
        },
      })
      return testCluster
    }

    test.each(['equivocate', 'lying-reply'])(
      'answer alike while replica 0 is a traitor: %s',
      async (attack) => {
        const running = await cluster(attack)
        await running.turn(true)
        const drawn = new DrawnRequests(12)
        const urls = [running.gateway ?? '', etcd.url] as const
        expect(await compareOverGrpc(urls, { requests: REQUESTS / 10, drawn })).toBe(null)
        expect(running.acts).toBeGreaterThan(0)
        expect(running.casualties).toEqual([])
      },
    )

    test('answer alike while the primary is killed and comes back', async () => {
      const running = await cluster(null)
      const drawn = new DrawnRequests(13)
      const requests = REQUESTS / 10
      const before = async (index: number): Promise<void> => {
        if (index === requests / 4) await running.kill(toReplicaId(0))
        if (index === requests / 2) await running.restart(toReplicaId(0))
      }
      const urls = [running.gateway ?? '', etcd.url] as const
      expect(await compareOverGrpc(urls, { requests, drawn, before })).toBe(null)
    })
  },
)
