/** Live attacks over HTTP, with replicas that only say that they play: bounds, words needed, verdicts, and strangers. */
import Fastify from 'fastify'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { liveAttacks } from '../../attacks/run/live-catalogue.ts'
import { ENDPOINTS } from '../../clients/api/endpoints.ts'
import type { LiveAttacksDocument } from '../../clients/api/live-attacks.ts'
import { EndpointRoutes } from '../../clients/gateway/endpoint-routes.ts'
import { liveAttackRoutes } from '../../clients/gateway/live-attack-routes.ts'
import { LiveAttacks } from '../../clients/gateway/live-attacks.ts'
import { PathEnds } from '../../clients/gateway/path-ends.ts'
import { Problem, sendProblem } from '../../clients/gateway/problem.ts'
import { openSecurity } from '../../clients/gateway/security.ts'
import { TrialLoad } from '../../clients/gateway/trial-load.ts'
import { type TrialFacts, trialVerdict } from '../../clients/gateway/trial-verdict.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import { PATIENT } from '../kit/patience.ts'
import { Driver } from '../store/harness.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function serve() {
  const orders: (readonly [number, string | null])[] = []
  const store = new Driver()
  const server = Fastify()
  server.setErrorHandler((error, _request, reply) =>
    sendProblem(reply, error instanceof Problem ? error : new Problem('internal', `${error}`)),
  )
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  openSecurity('127.0.0.1', {}, () => {}).doorkeeper.guard(server)
  const load = new TrialLoad({
    execute: async (operation: Operation) => store.run(operation)[0] as never,
    begin: () => () => {},
  })
  const attacks = new LiveAttacks({
    owner: {
      catalogue: liveAttacks('signed', 1),
      order: async (replica, attack) => void orders.push([replica, attack]),
      acts: () => 3,
    },
    load,
    f: 1,
    convicted: async () => [],
  })
  liveAttackRoutes(new EndpointRoutes(server, new PathEnds()), attacks, 4)
  closers.push(
    () => attacks.close(),
    () => server.close(),
  )
  const launch = (payload: object, headers = {}) =>
    server.inject({ method: 'POST', url: '/v1/attacks', payload, headers: { host: 'localhost', ...headers } })
  const withdraw = (replica: number) =>
    server.inject({ method: 'DELETE', url: `/v1/attacks?replica=${replica}`, headers: { host: 'localhost' } })
  const show = async () => {
    const { payload } = await server.inject({ url: '/v1/attacks', headers: { host: 'localhost' } })
    return JSON.parse(payload) as LiveAttacksDocument
  }
  return { orders, launch, withdraw, show }
}

test('a replica plays an attack under the load of a correct client, and is honest again with a verdict', async () => {
  const { orders, launch, withdraw, show } = serve()
  expect((await launch({ attack: 'equivocate', replica: 0 })).statusCode).toBe(200)
  await vi.waitFor(async () => expect((await show()).playing[0]?.answered).toBeGreaterThan(1), PATIENT)
  expect(await show()).toMatchObject({
    f: 1,
    used: 1,
    playing: [{ replica: 0, acts: 3, wrong: 0, verdict: 'held' }],
  })
  expect((await withdraw(0)).statusCode).toBe(200)
  expect(orders).toEqual([
    [0, 'equivocate'],
    [0, null],
  ])
  expect(await show()).toMatchObject({
    used: 0,
    playing: [],
    ended: [{ attack: 'equivocate', verdict: 'held' }],
  })
  expect((await withdraw(0)).statusCode).toBe(400)
})

test('beyond f it needs a word', async () => {
  const { orders, launch } = serve()
  await launch({ attack: 'mute', replica: 2 })
  const second = await launch({ attack: 'mute', replica: 3 })
  expect(second.statusCode).toBe(403)
  expect(second.json().detail).toContain('the cluster is made for 1')
  expect((await launch({ attack: 'mute', replica: 3, beyond: true })).statusCode).toBe(200)
  expect(orders).toHaveLength(2)
})

test('no page of another origin launches one, nor does a name or a replica that there is not', async () => {
  const { orders, launch } = serve()
  const foreign = [
    { origin: 'http://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { host: 'evil.example' },
  ]
  for (const headers of foreign) {
    expect((await launch({ attack: 'mute', replica: 2 }, headers)).statusCode).toBe(403)
  }
  expect((await launch({ attack: 'no-such', replica: 2 })).statusCode).toBe(400)
  expect((await launch({ attack: 'mute', replica: 4 })).statusCode).toBe(400)
  expect((await launch({ attack: 'mute' })).statusCode).toBe(400)
  expect(orders).toEqual([])
})

test('the description of the API names no attack: only a playground has them', () => {
  expect(ENDPOINTS.filter(({ path }) => path.includes('attack'))).toEqual([])
})

describe('verdicts', () => {
  const facts: TrialFacts = {
    ...{ acts: 5, seconds: 9, isConvicted: false, isBeyond: false, breaksFrom: null },
    ...{ answered: 90, unanswered: 0, wrong: 0, longestGapMs: 700 },
  }
  test.each<[string, Partial<TrialFacts>]>([
    ['held', {}],
    ['waiting', { acts: 0 }],
    ['failed', { wrong: 1 }],
    ['failed', { longestGapMs: 20_000 }],
    ['broke', { wrong: 1, isBeyond: true }],
    ['broke', { answered: 0, longestGapMs: 9_000, isBeyond: true }],
  ])('%s for %j', (verdict, changed) => {
    expect(trialVerdict({ ...facts, ...changed }).verdict).toBe(verdict)
  })
})

test('a correct client notices an answer that is not what it wrote', async () => {
  const store = new Driver()
  const load = new TrialLoad({
    execute: async (operation) => {
      const [result] = store.run(operation)
      return (operation.kind === 'get' ? { ...result, value: Uint8Array.of(9) } : result) as never
    },
    begin: () => () => {},
  })
  const trial = load.begin()
  closers.push(() => load.end(trial))
  await vi.waitFor(() => expect(load.figures(trial).wrong).toBeGreaterThan(0), PATIENT)
})
