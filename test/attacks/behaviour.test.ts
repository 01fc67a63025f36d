/** The language of attacks: the frames that leave when an honest replica sends a message. */
import { describe, expect, test } from 'vitest'
import {
  type Behaviour,
  deafTo,
  onReceive,
  onSend,
  onTick,
  together,
} from '../../attacks/language/behaviour.ts'
import {
  type Action,
  also,
  delay,
  drop,
  duplicate,
  equivocate,
  flipped,
  forNothing,
  halvesOf,
  impersonate,
  lie,
  oneOf,
  otherBatch,
  pass,
  replay,
  set,
  shift,
  shownAs,
  signedWith,
  victimClient,
} from '../../attacks/language/mutations.ts'
import {
  after,
  afterRestart,
  always,
  and,
  fromClient,
  inView,
  isKind,
  isProtocol,
  isVote,
  not,
  or,
  times,
  to,
  toClients,
  toReplicas,
  toVictims,
  until,
  type When,
  whileBackup,
  whilePrimary,
  withProbability,
} from '../../attacks/language/predicates.ts'
import { tampered } from '../../attacks/language/requests.ts'
import { FALSE_RESULTS } from '../../attacks/language/results.ts'
import { otherWorld, voteInOtherWorld } from '../../attacks/language/worlds.ts'
import type { PrePrepare, Reply, Vote } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { createReplyMaker } from '../../src/runtime/execution/replies.ts'
import { createClusterKit, hash } from '../kit/cluster-kit.ts'
import { AdversaryUnderTest } from './adversary-under-test.ts'

const kit = createClusterKit(4)
const R = [0, 1, 2, 3].map((id) => kit.replicaPeer(id)) as [never, never, never, never]
const client = kit.clientPeer(0)
const digest = hash(new Uint8Array(1))
const prepare = kit.vote('prepare', 3, { sequence: 5, digest })
const commit = kit.vote('commit', 3, { sequence: 5, digest })
const requests = [kit.request(0), kit.request(1)]
const proposal = kit.prePrepare({ sequence: 5, batch: kit.batch(requests, 1_000) })

const backup = (behaviour: () => Behaviour, options = {}) =>
  new AdversaryUnderTest(kit, 3, behaviour, options)
const primary = (behaviour: () => Behaviour, options = {}) =>
  new AdversaryUnderTest(kit, 0, behaviour, options)

/** The receivers whose frames this predicate drops. */
const dropped = (when: When, frame = prepare.bytes, make = backup): readonly unknown[] => {
  const adversary = make(() => onSend(when, drop))
  return [R[0], R[1], R[2], client].filter((peer) => adversary.say(frame, peer).length === 0)
}
const everyone = [R[0], R[1], R[2], client]

const action = (made: Action) => backup(() => onSend(always, made))

describe('predicates', () => {
  test('kinds', () => {
    expect(dropped(isKind('prepare'))).toEqual(everyone)
    expect(dropped(isKind('commit', 'prepare'))).toEqual(everyone)
    expect(dropped(isKind('commit'))).toEqual([])
    expect(dropped(isVote, commit.bytes)).toEqual(everyone)
    expect(dropped(isVote, proposal.bytes)).toEqual([])
    expect(dropped(isProtocol, proposal.bytes)).toEqual(everyone)
    expect(dropped(isProtocol, kit.status(3).bytes)).toEqual([])
  })

  test('views', () => {
    expect(dropped(inView(0))).toEqual(everyone)
    expect(dropped(inView(1))).toEqual([])
    expect(dropped(inView(0), requests[0]?.bytes)).toEqual([])
  })

  test('receivers', () => {
    expect(dropped(to(0 as never, 2 as never))).toEqual([R[0], R[2]])
    expect(dropped(toReplicas)).toEqual([R[0], R[1], R[2]])
    expect(dropped(toClients)).toEqual([client])
    expect(dropped(toVictims(2))).toEqual([R[0], R[1]])
    expect(dropped(toVictims(({ n }) => n - 3))).toEqual([R[0]])
    const colluding = backup(() => onSend(toVictims(2), drop), { traitors: [0, 3] })
    expect([R[0], R[1], R[2]].filter((peer) => colluding.say(prepare.bytes, peer).length === 0)).toEqual([
      R[1],
      R[2],
    ])
  })

  test('roles and clients', () => {
    expect(dropped(whilePrimary)).toEqual([])
    expect(dropped(whileBackup)).toEqual(everyone)
    expect(dropped(whilePrimary, proposal.bytes, primary)).toEqual(everyone)
    expect(dropped(fromClient(victimClient), requests[0]?.bytes)).toEqual(everyone)
    expect(dropped(fromClient(victimClient), requests[1]?.bytes)).toEqual([])
    expect(dropped(fromClient(victimClient))).toEqual([])
  })

  test('time', () => {
    const late = backup(() => onSend(after(3), drop))
    const early = backup(() => onSend(until(3), drop))
    const leaves = (): readonly number[] => [late, early].map((each) => each.say(prepare.bytes, R[0]).length)
    expect(leaves()).toEqual([1, 0])
    for (const each of [late, early]) each.tick(2)
    expect(leaves()).toEqual([1, 0])
    for (const each of [late, early]) each.tick()
    expect(leaves()).toEqual([0, 1])
  })

  test('lives and counts', () => {
    const forgetful = (starts: number) => backup(() => onSend(afterRestart, drop), { starts })
    expect(forgetful(1).say(prepare.bytes, R[0])).toHaveLength(1)
    expect(forgetful(2).say(prepare.bytes, R[0])).toHaveLength(0)
    const twice = backup(() => onSend(times(2), drop))
    expect([1, 2, 3, 4].map(() => twice.say(prepare.bytes, R[0]).length)).toEqual([0, 0, 1, 1])
  })

  test('they combine', () => {
    const is =
      (so: boolean): When =>
      () =>
        so
    for (const a of [true, false]) {
      expect(dropped(not(is(a)))).toHaveLength(a ? 0 : 4)
      for (const b of [true, false]) {
        expect(dropped(and(is(a), is(b)))).toHaveLength(a && b ? 4 : 0)
        expect(dropped(or(is(a), is(b)))).toHaveLength(a || b ? 4 : 0)
      }
    }
  })

  test('chance is seeded', () => {
    const run = (): readonly number[] => {
      const adversary = backup(() => onSend(withProbability(0.3), drop))
      return Array.from({ length: 1_000 }, () => adversary.say(prepare.bytes, R[0]).length)
    }
    const left = run().reduce((sum, count) => sum + count, 0)
    expect(left).toBeGreaterThan(600)
    expect(left).toBeLessThan(800)
    expect(run()).toEqual(run())
  })
})

describe('actions', () => {
  test('what is passed is no act; what is changed is one', () => {
    const passing = action(pass)
    expect(passing.say(prepare.bytes, R[0])).toEqual([{ to: R[0], message: passing.decode(prepare.bytes) }])
    expect(passing.acts).toBe(0)
    const dropping = action(drop)
    dropping.say(prepare.bytes, R[0], R[1])
    expect(dropping.acts).toBe(2)
  })

  test('delay holds a frame back for a number of ticks', () => {
    const slow = action(delay(3))
    expect(slow.say(prepare.bytes, R[0])).toEqual([])
    slow.tick(2)
    expect(slow.left).toEqual([])
    slow.tick()
    expect(slow.left).toEqual([{ to: R[0], frame: prepare.bytes }])
    const drawn = action(delay(({ n }) => n))
    drawn.say(prepare.bytes, R[0])
    drawn.tick(3)
    expect(drawn.left).toEqual([])
    drawn.tick()
    expect(drawn.left).toHaveLength(1)
  })

  test('duplicate, also and oneOf', () => {
    expect(action(duplicate(2)).say(prepare.bytes, R[0])).toHaveLength(3)
    const both = action(also(set(forNothing))).say(prepare.bytes, R[0]) as readonly {
      readonly message: Vote
    }[]
    expect(both.map(({ message }) => message.digest)).toEqual([digest, flipped(digest)])
    const either = action(oneOf(drop, pass))
    const counts = Array.from({ length: 50 }, () => either.say(prepare.bytes, R[0]).length)
    expect(new Set(counts)).toEqual(new Set([0, 1]))
  })

  test('set sends the same changed message to all, under its own signature', () => {
    const adversary = action(set(forNothing))
    const left = adversary.say(prepare.bytes, R[0], R[1])
    expect(new Set(adversary.left.map(({ frame }) => frame)).size).toBe(1)
    const [first] = left as readonly { readonly message: Vote }[]
    expect(first?.message.digest).toEqual(flipped(digest))
    expect(isRejection(kit.authenticated(first?.message as Vote, R[3]))).toBe(false)
  })

  test('what others signed is not changed', () => {
    const others = kit.vote('prepare', 2, { sequence: 5, digest })
    expect(action(set(forNothing)).say(others.bytes, R[0])).toEqual([
      { to: R[0], message: action(pass).decode(others.bytes) },
    ])
  })

  test('shift moves a number and stops at 0', () => {
    const said = (made: Action) => action(made).say(prepare.bytes, R[0])[0]?.message as Vote
    expect(said(shift('sequence', 1)).sequence).toBe(6)
    expect(said(shift('sequence', -9)).sequence).toBe(0)
    expect(said(shift('view', ({ n }) => n)).view).toBe(4)
    const withoutView = action(shift('view', 1)).say(kit.checkpoint(3, 128, digest).bytes, R[0])
    expect(withoutView[0]?.message).toMatchObject({ kind: 'checkpoint', sequence: 128 })
  })

  test('equivocate sends the second half of the correct replicas a changed message', () => {
    const left = primary(() => onSend(always, equivocate(set(otherBatch)))).say(
      proposal.bytes,
      R[1],
      R[2],
      R[3],
    ) as readonly { readonly message: PrePrepare }[]
    expect(left.map(({ message }) => message.batch.time)).toEqual([1_000, 1_000, 1_001])
    expect(left[2]?.message.batch.requests.map((each) => each.digest)).toEqual(
      [...requests].reverse().map((each) => each.digest),
    )
    expect(halvesOf([1, 2, 3])).toEqual([[1, 2], [3]])
    expect(halvesOf([1, 2, 3, 4])).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  test('replay sends something that was sent before', () => {
    const adversary = action(replay(2))
    const frames = [1, 2, 3].map((sequence) => kit.vote('prepare', 3, { sequence, digest }).bytes)
    for (const frame of frames) adversary.say(frame, R[0])
    adversary.left.length = 0
    for (let again = 0; again < 40; again++) adversary.say(frames[2] as Uint8Array, R[0])
    expect(new Set(adversary.left.map(({ frame }) => frame))).toEqual(new Set(frames.slice(1)))
  })

  test('forgeries decode, and no replica believes them', () => {
    const reason = (made: Action, frame: Uint8Array): string => {
      const [left] = action(made).say(frame, R[0])
      const verdict = kit.authenticated(left?.message as Vote, R[3])
      return isRejection(verdict) ? verdict.reason : 'believed'
    }
    expect(reason(pass, prepare.bytes)).toBe('believed')
    expect(reason(shownAs('commit'), prepare.bytes)).toBe('signed-as-another-kind')
    expect(reason(signedWith(flipped), prepare.bytes)).toBe('bad-signature')
    expect(reason(impersonate(), prepare.bytes)).toBe('sender-is-not-the-signer')
  })

  test('lie answers a client with other results', () => {
    const results = new Uint8Array([1, 2, 3])
    const request = requests[0] as (typeof requests)[0]
    const replies = createReplyMaker({
      id: 3 as never,
      hash,
      signer: kit.signers[3] as never,
      signingDigest: kit.signingDigest,
    })
    const { publicKey, session, timestamp, digest: requestDigest } = request
    const outcome = {
      client: request.client,
      publicKey,
      session,
      timestamp,
      requestDigest,
      results,
      standing: 'new',
    } as const
    const [honest] = replies.repliesFor({ view: 0 as never, sequence: 1 as never }, [
      { outcome: { ...outcome, recovery: null }, isWhole: true },
    ])
    const [left] = action(lie(() => FALSE_RESULTS)).say(honest?.frame as Uint8Array, client)
    const reply = left?.message as Reply
    expect(reply).toMatchObject({ kind: 'reply', sender: 3, timestamp, requestDigest })
    expect(reply.results).toEqual(FALSE_RESULTS)
    expect(isRejection(kit.authenticated(reply, R[3]))).toBe(false)
  })

  test("a tampered request fits all digests, and not its client's signature", () => {
    const adversary = backup(() =>
      onTick(1, (place) =>
        place.send({ to: R[0], frame: tampered(requests[0] as (typeof requests)[0], place).bytes }),
      ),
    )
    adversary.tick()
    const message = adversary.decode(adversary.left[0]?.frame as Uint8Array)
    expect(message).toMatchObject({ kind: 'request', timestamp: requests[0]?.timestamp })
    expect(kit.authenticated(message, client)).toMatchObject({ reason: 'bad-signature' })
  })

  test('two worlds: all traitors vote for the batch that their primary sent each half', () => {
    const lies = together(
      onSend(isKind('pre-prepare'), equivocate(set(otherWorld))),
      onSend(isVote, equivocate(set(voteInOtherWorld))),
    )
    const adversary = primary(() => lies)
    const [, , proposed] = adversary.say(proposal.bytes, R[1], R[2], R[3]) as readonly {
      readonly message: PrePrepare
    }[]
    const own = kit.vote('commit', 0, { sequence: 5, digest: proposal.digest })
    const votes = adversary.say(own.bytes, R[1], R[2], R[3]) as readonly { readonly message: Vote }[]
    expect(votes.map(({ message }) => message.digest)).toEqual([
      proposal.digest,
      proposal.digest,
      proposed?.message.digest,
    ])
    expect(proposed?.message.digest).not.toEqual(proposal.digest)
  })
})

describe('behaviours', () => {
  test('of several the first that acts on a frame decides', () => {
    const adversary = backup(() =>
      together(onSend(isKind('commit'), drop), onSend(isVote, duplicate(1)), onSend(always, drop)),
    )
    const counts = [commit, prepare, proposal].map(({ bytes }) => adversary.say(bytes, R[0]).length)
    expect(counts).toEqual([0, 2, 0])
  })

  test('the deaf do not hear; listeners hear, and their honest half does too', () => {
    const noted: Uint8Array[] = []
    const adversary = backup(() =>
      together(
        deafTo(isKind('commit')),
        onReceive(isVote, ({ frame }) => {
          noted.push(frame)
        }),
      ),
    )
    for (const { bytes } of [prepare, commit, proposal]) adversary.receive(R[1], bytes)
    expect(adversary.heard).toEqual([prepare.bytes, proposal.bytes])
    expect(noted).toEqual([prepare.bytes, commit.bytes])
    expect(adversary.acts).toBe(1)
  })

  test('onTick acts in its rhythm, to everybody but itself', () => {
    const adversary = backup(() =>
      onTick(3, ({ broadcast, seal }) => broadcast(seal({ kind: 'recall', nonce: 1 }))),
    )
    adversary.tick(2)
    expect(adversary.left).toEqual([])
    adversary.tick(4)
    expect(adversary.left.map(({ to: peer }) => peer)).toEqual([R[0], R[1], R[2], R[0], R[1], R[2]])
  })

  test('while it is not on, an adversary is honest', () => {
    const adversary = backup(() => together(onSend(always, drop), deafTo(always)), { isOn: false })
    expect(adversary.say(prepare.bytes, R[0])).toHaveLength(1)
    adversary.receive(R[1], commit.bytes)
    adversary.tick(5)
    expect(adversary.heard).toHaveLength(1)
    expect(adversary.acts).toBe(0)
  })
})
