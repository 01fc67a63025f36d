/** Production replicas and clients of oral mode on virtual time: what is signed, and what has MACs. */
import { describe, expect, test } from 'vitest'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { MeasuredCluster } from '../../src/simulator/costs/measured-cluster.ts'

function orderedBy(
  mode: 'signed' | 'oral',
  n: number,
  requests: 'signed' | 'oral' = 'signed',
): MeasuredCluster {
  const cluster = new MeasuredCluster({
    n,
    mode,
    requests,
    suite: suiteNamed('sodium'),
    clients: 1,
    checkpointInterval: 128,
    chains: [],
    countsCrypto: true,
  })
  cluster.ask()
  cluster.runUntilAnswered()
  cluster.settle()
  cluster.reset()
  cluster.ask()
  cluster.runUntilAnswered()
  cluster.settle()
  return cluster
}

const countsOf = (counts: ReadonlyMap<string, number>): Record<string, number> => Object.fromEntries(counts)

describe.each([4, 7])('oral mode, n = %i', (n) => {
  const { crypto, replicas } = orderedBy('oral', n)

  test('a put is ordered and answered; nothing but the request is signed', () => {
    expect(new Set(replicas.map(({ state }) => state.lastExecuted))).toEqual(new Set([2]))
    expect(countsOf(crypto.made)).toEqual({ request: 1 })
    expect([...crypto.checked.keys()]).toEqual(['request'])
  })

  test('each replica makes n - 1 MACs for a message to all, and each receiver checks its own', () => {
    expect(countsOf(crypto.macsMade)).toEqual({
      'pre-prepare': n - 1,
      prepare: (n - 1) * (n - 1),
      commit: n * (n - 1),
      reply: n,
    })
    const { 'pre-prepare': prePrepares, prepare, commit, reply } = countsOf(crypto.macsChecked)
    expect(prePrepares).toBe(n - 1)
    // Votes and replies that come when there are enough are not worth a check.
    expect(prepare).toBeLessThanOrEqual((n - 1) * (n - 1))
    expect(commit).toBeLessThanOrEqual(n * (n - 1))
    expect(reply).toBeLessThanOrEqual(n)
    expect(crypto.macs).toBe(
      [...crypto.macsMade.values(), ...crypto.macsChecked.values()].reduce((sum, count) => sum + count, 0),
    )
  })
})

test.each([4, 7])(
  'requests with MACs, n = %i: nothing at all is signed, and every replica checks its MAC',
  (n) => {
    const { crypto, replicas } = orderedBy('oral', n, 'oral')
    expect(new Set(replicas.map(({ state }) => state.lastExecuted))).toEqual(new Set([2]))
    expect(countsOf(crypto.made)).toEqual({})
    expect(crypto.macsMade.get('request')).toBe(n)
    expect(crypto.macsChecked.get('request')).toBe(n)
  },
)

test('signed mode makes no MAC inside a message', () => {
  expect(orderedBy('signed', 4).crypto.macs).toBe(0)
})
