/**
 * Pages from and for liars, through a replica's whole loop: nothing throws, only liars are blamed, requested, held and
 * served pages stay within their bounds, and the transfer ends with the certified state.
 */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { Sequence } from '../../src/base/ids.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { COUNTER_MAX, PAGE_DEPTH_MAX, PAGES_PER_FETCH_MAX } from '../../src/messages/limits.ts'
import type { Message, PageDelivery, PageFetch } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import type { TreeSnapshot } from '../../src/tree/snapshot.ts'
import { CLUSTER_SIZES, type ClusterKit, createClusterKit } from '../kit/cluster-kit.ts'
import { deeper, upTo } from '../kit/depth.ts'
import { RuntimeUnderTest } from '../kit/runtime-kit.ts'
import { Driver, put } from '../store/harness.ts'

const MIB = 1024 * 1024
const MOST = COUNTER_MAX
const NOTHING = new Uint8Array(0)
/** The checkpoint whose state is fetched: further ahead than the log reaches, so that the transfer begins at once. */
const SEQUENCE = 512 as Sequence
/** Pages that one replica may have asked for and not got, and bytes of pages that it sends one other in one tick. */
const UNDER_WAY_MAX = 64
const SERVED_BYTES_PER_TICK = 2 * MIB
/** The bytes of an answer in addition to its page. */
const ANSWER_BYTES = 256
/** A path at whose end no tree of this test has a page. */
const ABSENT = [250, 250, 250]
/** A transfer from the correct sources is over long before. */
const ENOUGH_TICKS = 2_000

/** A state of some hundred pages, of every kind and three levels. */
function makeState(): TreeSnapshot {
  const driver = new Driver()
  for (let batch = 1; batch <= SEQUENCE; batch++) {
    const some = [0, 1, 2, 3].map((index) => put(`key ${batch * 7919} ${index}`, `${batch}`.repeat(90)))
    driver.run(...some, ...(batch % 50 === 0 ? [put(`large ${batch}`, new Uint8Array(batch * 200))] : []))
  }
  const snapshot = driver.store.snapshot()
  snapshot.hashAll()
  return snapshot
}

const state = makeState()
const root = state.hashAll()
const pageAt = (path: readonly number[]): Uint8Array => state.page(path)?.slice() ?? NOTHING

/** Replica 1, which learned from replica 0 that the state is certified. */
function begin(kit: ClusterKit) {
  const application = new Driver().store
  const replica = new RuntimeUnderTest(kit, 1, NOTHING, { application })
  replica.receive(kit.replicaPeer(0), kit.stableCheckpoint(0, kit.certificate(SEQUENCE, root)).bytes)
  replica.tick()
  return { replica, application }
}

/** Returns the frames sent since the last call, as decoded by their receivers. */
function takeSent(kit: ClusterKit, replica: RuntimeUnderTest): readonly { to: number; message: Message }[] {
  return replica.sent.splice(0).flatMap(({ to, frame }) => {
    const message = decodeMessage(frame, kit.tools)
    if (isRejection(message)) throw new Error(`it sent what nobody takes: ${message.reason}`)
    return to.kind === 'replica' ? [{ to: Number(to.id), message }] : []
  })
}

const pageFrame = (
  kit: ClusterKit,
  sender: number,
  path: readonly number[],
  page: Uint8Array,
  at = SEQUENCE,
) => kit.frameOf(sender, { kind: 'page', sequence: at, path, page })

const fetchFrame = (kit: ClusterKit, sender: number, paths: readonly (readonly number[])[], at = SEQUENCE) =>
  kit.frameOf(sender, { kind: 'page-fetch', sequence: at, paths })

const anyPath = (random: Random): readonly number[] =>
  Array.from({ length: random.below(PAGE_DEPTH_MAX + 1) }, () =>
    random.pick([0, 1, 2, 3, 40, 255, 65_535, 2 ** 31, 2 ** 32, MOST]),
  )
const anySequence = (random: Random): Sequence =>
  random.pick([0, 1, 128, 256, SEQUENCE, SEQUENCE, SEQUENCE + 128, 2 ** 32, MOST]) as Sequence

function anyBytes(random: Random): Uint8Array {
  const size = random.pick([0, 1, 4, 60, 4_096, 50_000])
  return Uint8Array.from({ length: size }, () => random.below(256))
}

/** A page that is not the right one, or not quite. */
function spoilt(random: Random, right: Uint8Array): Uint8Array {
  const copy = right.slice()
  switch (random.below(6)) {
    case 0:
      if (copy.length > 0) copy[random.below(copy.length)] = random.below(256)
      return copy
    case 1:
      return copy.subarray(0, random.below(copy.length + 1))
    case 2:
      return Uint8Array.from([...copy, random.below(256)])
    case 3:
      return NOTHING
    case 4:
      return pageAt([])
    default:
      return anyBytes(random)
  }
}

/** The answers of a liar to one question: perhaps not at all, perhaps often. */
function lies(kit: ClusterKit, random: Random, liar: number, fetch: PageFetch): readonly Uint8Array[] {
  return fetch.paths.flatMap((path) => {
    const right = pageAt(path)
    const answers = [
      () => [],
      () => [pageFrame(kit, liar, path, right)],
      () => [pageFrame(kit, liar, path, right), pageFrame(kit, liar, path, right)],
      () => [pageFrame(kit, liar, path, spoilt(random, right))],
      () => [pageFrame(kit, liar, anyPath(random), right)],
      () => [pageFrame(kit, liar, path, right, anySequence(random))],
      () => [pageFrame(kit, (liar + 1) % kit.n, path, right)],
    ]
    return random.pick(answers)()
  })
}

/** The messages that a liar sends without being asked. */
function unasked(kit: ClusterKit, random: Random, liar: number): readonly Uint8Array[] {
  const paths = Array.from({ length: random.below(PAGES_PER_FETCH_MAX + 1) }, () => anyPath(random))
  return [
    pageFrame(kit, liar, anyPath(random), anyBytes(random), anySequence(random)),
    fetchFrame(kit, liar, paths, anySequence(random)),
  ]
}

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const others = kit.ids.filter((id) => id !== 1)

  test.each(upTo(deeper(2, 8)))(
    'PBFT-2.5 f liars among the sources: the certified state is reached, whatever pages they send, seed %i',
    (seed) => {
      const random = createRandom(seed)
      const liars: readonly number[] = random.shuffle([...others]).slice(0, kit.f)
      const { replica, application } = begin(kit)
      const underWay = new Set<string>()
      const answer = (to: number, fetch: PageFetch): readonly Uint8Array[] => {
        if (liars.includes(to)) return lies(kit, random, to, fetch)
        return fetch.paths.map((path) => pageFrame(kit, to, path, pageAt(path)))
      }
      for (
        let tick = 0;
        tick < ENOUGH_TICKS && replica.runtime.state.ordering.lastExecuted < SEQUENCE;
        tick++
      ) {
        const asked = takeSent(kit, replica).filter(({ message }) => message.kind === 'page-fetch')
        underWay.clear()
        for (const { to, message } of asked) {
          if (message.kind !== 'page-fetch') continue
          for (const path of message.paths) underWay.add(path.join('.'))
          replica.receive(kit.replicaPeer(to), ...answer(to, message))
        }
        expect(underWay.size).toBeLessThanOrEqual(UNDER_WAY_MAX)
        for (const liar of liars) replica.receive(kit.replicaPeer(liar), ...unasked(kit, random, liar))
        replica.tick()
      }
      expect(replica.runtime.state.ordering.lastExecuted).toBe(SEQUENCE)
      expect(toHex(application.fingerprint())).toBe(toHex(root))
      for (const { from } of replica.rejected) expect(liars).toContain(from.id)
    },
  )

  test('PBFT-7.14 pages that were not asked for, or asked of another replica, take no room and have no answer', () => {
    const { replica } = begin(kit)
    const random = createRandom(7)
    const asked = takeSent(kit, replica).filter(({ message }) => message.kind === 'page-fetch')
    expect(asked).toHaveLength(1)
    const other = others.find((id) => id !== asked[0]?.to) ?? 0
    const flood = Array.from({ length: 200 }, () =>
      pageFrame(kit, other, anyPath(random), new Uint8Array(50_000)),
    )
    const before = process.memoryUsage().arrayBuffers
    for (let round = 0; round < 50; round++) {
      replica.receive(kit.replicaPeer(other), ...flood)
      replica.receive(kit.replicaPeer(other), pageFrame(kit, other, [], pageAt([])))
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MIB)
    expect(takeSent(kit, replica)).toEqual([])
    expect(replica.rejected).toEqual([])
  })

  test('PBFT-2.5 a sender of a wrong page is named, and not asked for a while', () => {
    const { replica } = begin(kit)
    const [asked] = takeSent(kit, replica).filter(({ message }) => message.kind === 'page-fetch')
    if (asked === undefined) throw new Error('nobody was asked')
    const wrong = pageAt([])
    wrong[0] = (wrong[0] ?? 0) ^ 1
    replica.receive(kit.replicaPeer(asked.to), pageFrame(kit, asked.to, [], wrong))
    expect(replica.rejected).toMatchObject([{ from: { id: asked.to }, reason: 'digest-mismatch' }])
    replica.tick(50)
    const again = takeSent(kit, replica).filter(({ message }) => message.kind === 'page-fetch')
    expect(again.length).toBeGreaterThan(0)
    expect(again.map(({ to }) => to)).not.toContain(asked.to)
  })

  test.each(upTo(deeper(1, 6)))(
    'PBFT-7.14 whatever pages are asked for, the answer is the page or nothing, seed %i',
    (seed) => {
      const random = createRandom(seed)
      const { replica } = begin(kit)
      for (
        let tick = 0;
        tick < ENOUGH_TICKS && replica.runtime.state.ordering.lastExecuted < SEQUENCE;
        tick++
      ) {
        for (const { to, message } of takeSent(kit, replica)) {
          if (message.kind !== 'page-fetch') continue
          replica.receive(
            kit.replicaPeer(to),
            ...message.paths.map((path) => pageFrame(kit, to, path, pageAt(path))),
          )
        }
        replica.tick()
      }
      expect(replica.runtime.state.ordering.lastExecuted).toBe(SEQUENCE)
      takeSent(kit, replica)
      const served = (): readonly PageDelivery[] =>
        takeSent(kit, replica).flatMap(({ to, message }) => {
          if (message.kind === 'page') expect(to).toBe(2)
          return message.kind === 'page' ? [message] : []
        })
      for (let round = 0; round < 100; round++) {
        const paths = Array.from({ length: random.below(PAGES_PER_FETCH_MAX + 1) }, () => anyPath(random))
        const sequence = anySequence(random)
        replica.receive(kit.replicaPeer(2), fetchFrame(kit, 2, paths, sequence))
        const answers = served()
        expect(answers.map(({ path }) => path)).toEqual(paths)
        for (const { path, page } of answers) {
          expect(toHex(page)).toBe(sequence === SEQUENCE ? toHex(pageAt(path)) : '')
        }
        replica.tick()
        takeSent(kit, replica)
      }
      for (const [path, pageBytes] of [
        [[], pageAt([]).length],
        [ABSENT, 0],
      ] as const) {
        const answerBytes = pageBytes + ANSWER_BYTES
        const asking = Math.ceil((2 * SERVED_BYTES_PER_TICK) / (PAGES_PER_FETCH_MAX * answerBytes))
        const paths = new Array<readonly number[]>(PAGES_PER_FETCH_MAX).fill(path)
        replica.receive(kit.replicaPeer(2), ...new Array<Uint8Array>(asking).fill(fetchFrame(kit, 2, paths)))
        expect(served().length).toBe(Math.ceil(SERVED_BYTES_PER_TICK / answerBytes))
        // Another is served all the same.
        replica.receive(kit.replicaPeer(3), fetchFrame(kit, 3, [[]]))
        expect(takeSent(kit, replica)).toMatchObject([{ to: 3, message: { kind: 'page' } }])
        replica.tick()
        takeSent(kit, replica)
      }
    },
  )
})
