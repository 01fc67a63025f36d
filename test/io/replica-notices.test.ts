/** Each change of a replica's state is logged once, and its metrics agree with its report. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { CallCounts } from '../../clients/etcd/grpc/call-counts.ts'
import { GatewayMetrics } from '../../clients/gateway/gateway-metrics.ts'
import { serveMetrics } from '../../replicas/metrics-server.ts'
import { noticesBetween } from '../../replicas/notices.ts'
import { replicaMetrics } from '../../replicas/replica-metrics.ts'
import { ReplicaWatch } from '../../replicas/replica-watch.ts'
import type { Milliseconds, ReplicaId, Sequence, View } from '../../src/base/ids.ts'
import type { ReplicaReport } from '../../src/messages/report.ts'

const ids = (...numbers: readonly number[]): readonly ReplicaId[] => numbers as readonly ReplicaId[]

const CALM: ReplicaReport = {
  view: 4 as View,
  isActive: true,
  condition: 'voting',
  lowWatermark: 128 as Sequence,
  lastExecuted: 130 as Sequence,
  revision: 77,
  waiting: 0,
  stalledSince: 0 as Milliseconds,
  reachable: ids(0, 1, 2, 3),
  missing: [],
  suspected: [],
  guilty: [],
  cutOff: [],
  cutOffClients: 0,
  blacklisted: [],
  eventLoopDelayMs: 12,
}

const told = (before: Partial<ReplicaReport>, after: Partial<ReplicaReport>) =>
  noticesBetween({ ...CALM, ...before }, { ...CALM, ...after }, 4)

const NO_CALLS = {
  calls: new CallCounts(),
  operations: () => ({ waiting: 0, failed: 0 }),
  storeBytesMax: 0,
}

describe('notices', () => {
  test('progress alone is not logged', () => {
    expect(told({}, {})).toEqual([])
    expect(told({}, { lastExecuted: 900 as Sequence, lowWatermark: 896 as Sequence, revision: 800 })).toEqual(
      [],
    )
  })

  test('a view change, its end, and a view that began and ended between two looks', () => {
    expect(told({}, { view: 5 as View, isActive: false })).toMatchObject([
      { level: 'info', message: expect.stringContaining('has ended'), facts: { view: 5, primary: 1 } },
    ])
    const begun = { level: 'info', message: 'a view has begun' }
    expect(told({ isActive: false }, {})).toMatchObject([{ ...begun, facts: { view: 4, primary: 0 } }])
    expect(told({}, { view: 6 as View })).toMatchObject([{ ...begun, facts: { view: 6, primary: 2 } }])
  })

  test.each([
    ['transferring', 'info'],
    ['amnesiac', 'warn'],
    ['diverged', 'warn'],
    ['recalling', 'info'],
  ] as const)('%s, and voting again', (condition, level) => {
    expect(told({}, { condition })).toMatchObject([{ level, facts: { was: 'voting', lastExecuted: 130 } }])
    expect(told({ condition }, {})).toMatchObject([
      { level: 'info', message: 'this replica votes', facts: { was: condition } },
    ])
  })

  test('a stall with the replicas that are waited for, and its end', () => {
    const stalled = { stalledSince: 9 as Milliseconds, waiting: 3, missing: ids(2, 3) }
    expect(told({}, stalled)).toMatchObject([{ level: 'warn', facts: { waiting: 3, missing: [2, 3] } }])
    expect(told(stalled, stalled)).toEqual([])
    expect(told(stalled, {})).toMatchObject([{ level: 'info', facts: { lastExecuted: 130 } }])
  })

  test('peers: links, suspicions, refusals, primaries that are passed over', () => {
    expect(told({}, { reachable: ids(0, 1, 3), suspected: ids(2) })).toMatchObject([
      { level: 'warn', message: 'a link to a replica is down', facts: { peer: 2 } },
      { level: 'warn', facts: { peer: 2 } },
    ])
    expect(told({ reachable: ids(0, 1), suspected: ids(2) }, {})).toMatchObject([
      { level: 'info', facts: { peer: 2 } },
      { level: 'info', facts: { peer: 3 } },
      { level: 'info', message: 'a replica is no longer suspected', facts: { peer: 2 } },
    ])
    const once = [{ id: 3 as ReplicaId, because: 'floods' as const, times: 1 }]
    const again = [{ id: 3 as ReplicaId, because: 'floods' as const, times: 2 }]
    expect(told({}, { cutOff: once })).toMatchObject([{ level: 'warn', facts: { peer: 3, times: 1 } }])
    expect(told({ cutOff: once }, { cutOff: once })).toEqual([])
    expect(told({ cutOff: once }, { cutOff: again })).toMatchObject([{ facts: { times: 2 } }])
    const blacklisted = [{ replica: 1 as ReplicaId, complaint: 'slow' as const }]
    expect(told({}, { blacklisted } as Partial<ReplicaReport>)).toMatchObject([
      { level: 'warn', facts: { peer: 1, because: 'slow' } },
    ])
  })

  test('a watch logs a change once, and counts the views', () => {
    let report = CALM
    const messages: string[] = []
    const watch = new ReplicaWatch(
      () => report,
      4,
      ({ message }) => messages.push(message),
    )
    report = { ...CALM, view: 7 as View }
    watch.look()
    watch.look()
    expect([messages, watch.views]).toEqual([['a view has begun'], 3])
  })
})

describe('metrics', () => {
  const measured = { report: CALM, n: 4, rejected: new Map([['bad-signature', 5]]), views: 3 }

  test('over HTTP, in the text format, with a final newline', async () => {
    let whyNot: string | null = null
    const server = await serveMetrics(
      replicaMetrics(() => measured),
      { host: '127.0.0.1', port: 0 },
      () => whyNot,
    )
    try {
      const answer = await fetch(server.url)
      expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4')
      const text = await answer.text()
      const lines = text.split('\n')
      expect(lines).toEqual(
        expect.arrayContaining([
          'strategos_view 4',
          'strategos_executed_sequence 130',
          'strategos_store_revision 77',
          'strategos_replica_linked{replica="3"} 1',
          'strategos_replica_suspected{replica="3"} 0',
          'strategos_condition{condition="voting"} 1',
          'strategos_condition{condition="amnesiac"} 0',
          'strategos_messages_rejected_total{reason="bad-signature"} 5',
          'strategos_views_entered_total 3',
          'strategos_event_loop_delay_max_seconds 0.012',
        ]),
      )
      expect(text.endsWith('\n')).toBe(true)
      expect((await fetch(server.url.replace('/metrics', '/healthz'))).status).toBe(200)
      const readiness = async () => {
        const ready = await fetch(server.url.replace('/metrics', '/readyz'))
        return [ready.status, await ready.text()]
      }
      expect(await readiness()).toEqual([200, 'ready\n'])
      whyNot = 'draining'
      expect(await readiness()).toEqual([503, 'draining\n'])
      expect((await fetch(server.url.replace('/metrics', '/other'))).status).toBe(404)
      expect((await fetch(server.url, { method: 'POST' })).status).toBe(404)
      const port = Number(new URL(server.url).port)
      await expect(
        serveMetrics(
          replicaMetrics(() => measured),
          { host: '127.0.0.1', port },
          () => null,
        ),
      ).rejects.toThrow(/the port is taken/)
    } finally {
      await server.close()
    }
  })

  test('the dashboard asks for metrics that exist', async () => {
    const gateway = new GatewayMetrics({ delayMs: 0 }, NO_CALLS)
    const known = new Set(
      [...(await replicaMetrics(() => measured).getMetricsAsJSON()), ...(await gateway.names())].map(
        ({ name }) => name,
      ),
    )
    const dashboard = readFileSync('replicas/grafana-dashboard.json', 'utf8')
    const asked = new Set(dashboard.match(/(strategos|process)_[a-z_]+/g))
    expect(asked.size).toBeGreaterThan(12)
    for (const name of asked) expect(known).toContain(name.replace(/_bucket$/, ''))
  })

  test('every name has its unit, a help text and the ending of its type', async () => {
    const gateway = new GatewayMetrics({ delayMs: 0 }, NO_CALLS)
    const names = [...(await replicaMetrics(() => measured).getMetricsAsJSON()), ...(await gateway.names())]
    for (const { name, help, type } of names) {
      expect(name).toMatch(/^(strategos|process|etcd|grpc_server)_[a-z_]+$/)
      expect(help).toMatch(/^[A-Z].*\.$/)
      expect(name.endsWith('_total')).toBe(`${type}` === 'counter')
    }
  })
})
