/** The processes of a run: reports about those that end by themselves, and the cleanup. */
import { existsSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { TestCluster, type TestClusterSetting } from '../../attacks/run/processes/test-cluster.ts'
import { type ReplicaId, toReplicaId } from '../../src/base/ids.ts'
import { isAlive, until } from '../integration/process-kit.ts'

/** A stand-in for a replica's program: this, and ready at once. */
const program = (after: string): readonly string[] => ['-e', `${after}; process.send({ ready: '' })`]
const STAYS = `setInterval(() => {}, 1000)`
const TALKS = `${STAYS}; process.on('SIGTERM', () => {
  console.log(JSON.stringify({ rejected: { 'bad-signature': 2 }, guilty: [3], msg: 'stopped' }))
  process.exit(0)
})`
const FALLS = `setTimeout(() => { console.error('a reason'); process.exit(70) }, 20)`
const FOLLOWS = `${STAYS}; process.on('message', ({ order }) => process.send({ acts: 7, isOn: order === 'on' }))`

const clusters: TestCluster[] = []
afterEach(async () => {
  for (const testCluster of clusters.splice(0)) await testCluster.close()
})

async function open(replica: (id: number) => readonly string[], traitors: readonly number[] = []) {
  const setting: TestClusterSetting = {
    ...{
      name: 'none',
      n: 4,
      suite: 'sodium',
      auth: 'signed',
      requests: 'signed',
      seed: 1,
      clients: ['one'],
      hasProxies: false,
      hasGateway: false,
    },
    traitors: traitors.map((id) => toReplicaId(id)),
    commands: {
      replica: (_, id) => replica(id),
      traitors: () => program(FOLLOWS),
      client: () => [],
      gateway: () => [],
    },
  }
  const testCluster = await TestCluster.open(setting)
  clusters.push(testCluster)
  return testCluster
}

const pidsOf = (testCluster: TestCluster): readonly number[] =>
  testCluster.correct.map((id) => testCluster.pid(id) ?? 0)

test('a process that ends by itself is reported, and one that is killed on purpose is not', async () => {
  const testCluster = await open((id) => program(id === 2 ? FALLS : STAYS))
  await testCluster.kill(0 as ReplicaId)
  await until('replica 2 fell', () => testCluster.casualties.length > 0)
  await testCluster.stop()
  expect(testCluster.casualties).toEqual(['the process of replica 2 ended (exit code 70): a reason'])
})

test('what the correct replicas said at their end is put together', async () => {
  const testCluster = await open(() => program(TALKS), [3])
  expect(testCluster.correct).toEqual([0, 1, 2])
  await testCluster.stop()
  expect(testCluster.refusals()).toEqual({ rejected: new Map([['bad-signature', 6]]), guilty: [3] })
})

test.runIf(process.platform === 'linux')(
  'what processes take is told by their side, and stays when they are gone',
  async () => {
    const testCluster = await open(() => program(STAYS), [3])
    const all = testCluster.processorMs()
    expect(all.traitors).toBeGreaterThan(0)
    expect(all.correct).toBeGreaterThan(0)
    for (const id of testCluster.correct) await testCluster.kill(id)
    expect(testCluster.processorMs().correct).toBeGreaterThanOrEqual(all.correct)
  },
)

test('traitors follow orders and report their acts', async () => {
  const testCluster = await open(() => program(STAYS), [3])
  expect(testCluster.acts).toBe(0)
  await testCluster.turn(true)
  expect(testCluster.acts).toBe(7)
  await testCluster.turn(false)
})

describe('nothing stays', () => {
  test('when a run is over', async () => {
    const testCluster = await open(() => program(STAYS), [3])
    const pids = pidsOf(testCluster)
    expect(pids.every(isAlive)).toBe(true)
    await testCluster.close()
    expect(pids.some(isAlive)).toBe(false)
    expect(existsSync(testCluster.root)).toBe(false)
  })

  test('when a replica does not start', async () => {
    const broken = ['-e', `console.error('no such thing'); process.exit(2)`]
    await expect(open((id) => (id === 1 ? broken : program(STAYS)))).rejects.toThrow('no such thing')
  })
})
