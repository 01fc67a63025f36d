/** Hand-written histories: what the specification allows, and for each clause one thing that it refuses. */
import { describe, expect, it, test } from 'vitest'
import { CLOCK_SKEW_MS_MAX, REQUEST_TIMEOUT_TICKS } from '../../src/pbft/parameters.ts'
import {
  A,
  accepted,
  B,
  batchOf,
  certificate,
  checkpoints,
  decided,
  digestOf,
  type Facts,
  K,
  leaves,
  NULL,
  place,
  prePrepare,
  prepared,
  preparedBackup,
  proposed,
  REQUEST,
  replica,
  START,
  viewChange,
  votes,
} from './specification-kit.ts'

describe('proposals', () => {
  test('PBFT-7.15 it allows the primary one batch for each sequence number, in order', () => {
    const primary = replica(0)
    primary.hear(REQUEST)
    expect(primary.logs(proposed(1, [REQUEST]))).toBeNull()
    expect(primary.sends({ kind: 'pre-prepare', view: 0, sequence: 1, batch: batchOf(A) })).toBeNull()
    expect(primary.logs(proposed(2))).toBeNull()
  })
  it('refuses one of a backup, a second one, a gap, one above H, and a request that no client sent', () => {
    expect(replica(1).logs(proposed(1))).toContain('it is not the primary')
    const primary = replica(0)
    expect(primary.logs(proposed(2))).toContain('1 is the next one')
    expect(primary.logs(proposed(1, [REQUEST]))).toContain('nobody asked')
    for (let s = 1; s <= 2 * K; s++) primary.logs(proposed(s))
    expect(primary.logs(proposed(1))).toContain('it proposed there before')
    expect(primary.logs(proposed(2 * K + 1))).toContain('the window is 0 to 8')
  })
})

describe('votes', () => {
  it('allows PREPARE for what the primary proposed, and COMMIT for what is prepared', () => {
    const one = preparedBackup()
    expect(one.sends({ kind: 'prepare', ...place(1) })).toBeNull()
    expect(one.sends({ kind: 'commit', ...place(1) })).toBeNull()
  })
  it('refuses PREPARE for what the primary did not propose, or before it is on disk', () => {
    const one = replica(2)
    expect(one.logs(accepted(1))).toContain('the primary did not say so')
    const two = replica(2)
    two.hear(prePrepare(1))
    expect(two.logsUnsynced(accepted(1))).toBeNull()
    expect(two.sends({ kind: 'prepare', ...place(1) })).toContain('not on disk')
    expect(two.sends({ kind: 'prepare', ...place(2) })).toContain('its log does not hold')
  })
  it('allows a proposed time from a span around the clock only, which grows with T, and any once it is decided', () => {
    const skew = CLOCK_SKEW_MS_MAX
    const offered = (time: number, requests: readonly Facts[] = [REQUEST]): Facts => ({
      ...prePrepare(1),
      batch: { ...batchOf(A, requests), time },
    })
    const takes = (message: Facts, timeoutTicks?: number, more: readonly Facts[] = []) => {
      const one = replica(2)
      one.at(10 * skew, timeoutTicks)
      one.hear(message, ...more)
      return one.logs({ kind: 'accepted', prePrepare: message })
    }
    expect(takes(offered(11 * skew))).toBeNull()
    expect(takes(offered(11 * skew + 1))).toContain('1001 ms ahead')
    expect(takes(offered(9 * skew))).toBeNull()
    expect(takes(offered(9 * skew - 1))).toContain('1001 ms late')
    expect(takes(offered(8 * skew - 1), 2 * REQUEST_TIMEOUT_TICKS)).toContain('2001 ms late')
    expect(takes(offered(8 * skew), 2 * REQUEST_TIMEOUT_TICKS)).toBeNull()
    expect(takes(offered(1, []))).toBeNull()
    expect(takes(offered(1), undefined, votes('commit', [0, 1]))).toContain('late')
    expect(takes(offered(1), undefined, votes('commit', [0, 1, 3]))).toBeNull()
  })
  it('refuses a second pre-prepare and a second vote', () => {
    const one = preparedBackup()
    one.sends({ kind: 'prepare', ...place(1) })
    one.hear(prePrepare(1, B))
    expect(one.logs(accepted(1, B))).toContain('it took')
    expect(one.sends({ kind: 'prepare', ...place(1, B) })).toContain('it said')
  })
  it('refuses PREPARE of the primary', () => {
    const primary = replica(0)
    primary.logs(proposed(1))
    expect(primary.sends({ kind: 'prepare', ...place(1) })).toContain('for the other role')
  })
  it('refuses a prepared certificate without Q - 1 backups', () => {
    const one = replica(2)
    one.hear(prePrepare(1), ...votes('prepare', [0, 1]))
    one.logs(accepted(1))
    expect(one.logs(prepared([1]))).toContain('1 voted, and 2 must')
    expect(one.logs(prepared([0, 1]))).toContain('did not vote so')
    expect(one.logs(prepared([1, 3]))).toContain('did not vote so')
    expect(one.sends({ kind: 'commit', ...place(1) })).toContain('its log does not hold')
  })
})

describe('decisions and execution', () => {
  it('allows what Q committed, once each in order, and replies', () => {
    const one = replica(2)
    one.hear(...votes('commit', [0, 1, 3]), ...votes('commit', [0, 1, 3], 2))
    expect(one.logs(decided([0, 1, 3]), decided([0, 1, 3], 2))).toBeNull()
    expect(one.executes(1)).toBeNull()
    expect(one.executes(2)).toBeNull()
  })
  it('refuses what fewer committed, what is out of order, and a reply without execution', () => {
    const one = replica(2)
    one.hear(...votes('commit', [0, 1, 3]))
    expect(one.logs(decided([0, 1]))).toContain('2 committed, and 3 must')
    const two = replica(2)
    two.hear(...votes('commit', [0, 1, 3]), ...votes('commit', [0, 1, 3], 2))
    expect(two.executes(1)).toContain('it was not decided')
    two.logs(decided([0, 1, 3], 2))
    expect(replica(2).replies(REQUEST.digest)).toBeNull()
    expect(two.replies(REQUEST.digest)).toContain('did not execute')
    const three = replica(2)
    three.hear(...votes('commit', [0, 1, 3], 2))
    three.logs(decided([0, 1, 3], 2))
    expect(three.executes(2)).toContain('1 is the next one')
  })
  it('takes the word of W in oral mode only', () => {
    const claims = [0, 3].map((sender) => ({
      kind: 'decision',
      sender,
      ...place(1),
      batch: batchOf(A),
      commits: [],
    }))
    const claimed = votes('commit', [0, 3]).map((vote) => ({ ...vote, authentication: { length: 0 } }))
    for (const [mode, needed] of [
      ['oral', 2],
      ['signed', 3],
    ] as const) {
      const one = replica(2, mode)
      one.hear(...claims)
      const said = one.logs({ ...decided([]), commits: claimed })
      if (needed === 2) expect(said).toBeNull()
      else expect(said).toContain('2 committed, and 3 must')
    }
  })
})

describe('checkpoints', () => {
  function executed() {
    const one = replica(2)
    for (let s = 1; s <= K; s++) {
      one.hear(...votes('commit', [0, 1, 3], s))
      one.logs(decided([0, 1, 3], s))
      one.executes(s)
    }
    return one
  }
  it('allows CHECKPOINT with the root of its state, and h at a stable one', () => {
    const one = executed()
    one.event({ kind: 'snapshot-taken', sequence: K, root: A })
    expect(one.logs({ kind: 'checkpoint', sequence: K, root: A })).toBeNull()
    expect(one.sends({ kind: 'checkpoint', sequence: K, root: A })).toBeNull()
    one.hear(...checkpoints([0, 1, 2]))
    expect(one.logs({ kind: 'stable', stable: { sequence: K, root: A, checkpoints: [] } })).toBeNull()
  })
  it('refuses another root, one that is not due or not on disk, and h below Q', () => {
    const one = executed()
    one.event({ kind: 'snapshot-taken', sequence: K, root: A })
    expect(one.logsUnsynced({ kind: 'checkpoint', sequence: K, root: B })).toContain('no such root')
    expect(one.does({ kind: 'snapshot', sequence: K - 1 })).toContain('it executed 4')
    const two = executed()
    two.event({ kind: 'snapshot-taken', sequence: K, root: A })
    two.logsUnsynced({ kind: 'checkpoint', sequence: K, root: A })
    expect(two.sends({ kind: 'checkpoint', sequence: K, root: A })).toContain('not on disk')
    two.hear(...checkpoints([0, 1]))
    expect(two.logs({ kind: 'stable', stable: { sequence: K, root: A, checkpoints: [] } })).toContain(
      'no quorum',
    )
    expect(two.does({ kind: 'trim', upTo: K })).toContain('it stored 0')
  })
})

describe('view changes', () => {
  it('allows a VIEW-CHANGE that shows what is prepared; then nothing of the old view', () => {
    const one = preparedBackup()
    expect(one.logs(leaves(viewChange(2, [certificate([1, 2])])))).toBeNull()
    expect(one.sends(viewChange(2, [certificate([1, 2])]))).toBeNull()
    expect(one.sends({ kind: 'commit', ...place(1) })).toContain('on its way to view 1')
  })
  it('refuses one that conceals, that goes back, that has another h, or leaps', () => {
    expect(preparedBackup().logs(leaves(viewChange(2)))).toContain('it prepared 1 in 0')
    const one = replica(2)
    expect(one.logs(leaves(viewChange(2, [], 0)))).toContain('it is in view 0 already')
    expect(one.logs(leaves(viewChange(2, [], 9)))).toContain('only 0 others are there')
    expect(one.logs(leaves(viewChange(2, [], 1, { ...START, sequence: K })))).toContain('its h is 0')
    expect(one.logsUnsynced(leaves(viewChange(2)))).toBeNull()
    expect(one.sends(viewChange(2))).toContain('not on disk')
  })

  /** The primary of view 1 with the VIEW-CHANGEs of three. */
  function primary() {
    const one = replica(1)
    const changes = [viewChange(0), viewChange(1), viewChange(2, [certificate([1, 2])])]
    one.logs(leaves(viewChange(1)))
    one.hear(...changes)
    const made = (choices: readonly Facts[], viewChanges: readonly Facts[] = changes) => ({
      kind: 'new-view-made',
      content: { kind: 'new-view', view: 1, viewChanges, choices },
    })
    return { one, changes, made }
  }
  const CHOICE = { sequence: 1, digest: A }
  it('allows a NEW-VIEW that chooses what they prepared, and its batch only there', () => {
    const { one, made } = primary()
    expect(one.logs(made([CHOICE]))).toBeNull()
    expect(one.logs(proposed(1, [], 1))).toContain('2 is the next one')
    expect(one.logs(proposed(2, [], 1))).toBeNull()
  })
  it('refuses one that chooses another batch, or rests on too few messages or on invented ones', () => {
    const { one, changes, made } = primary()
    expect(one.logs(made([{ ...CHOICE, digest: NULL }]))).toContain('another batch')
    const { one: two, made: makes } = primary()
    expect(two.logs(makes([], changes.slice(0, 2)))).toContain('it rests on 2')
    const { one: three } = primary()
    expect(three.logs(made([], [...changes.slice(0, 2), viewChange(3)]))).toContain('nobody sent')
    const { one: four, changes: weak } = primary()
    const forged = viewChange(2, [certificate([1])])
    four.hear(forged)
    expect(four.logs(made([CHOICE], [...weak.slice(0, 2), forged]))).toContain('is not valid')
  })
})

describe('view changes without signatures', () => {
  const claim = place(1)
  const claims = (sender: number, p: readonly Facts[], q: readonly Facts[], view = 1) => ({
    kind: 'oral-view-change',
    sender,
    view,
    lowWatermark: 0,
    checkpoints: [],
    preparedClaims: p,
    prePrepareClaims: q,
    digest: digestOf(`claims ${sender}`),
    envelope: digestOf(`claims ${sender}`),
  })
  const ack = (sender: number, of: number) => ({
    kind: 'view-change-ack',
    sender,
    view: 1,
    of,
    digest: digestOf(`claims ${of}`),
  })

  /** A backup of view 1 that heard three VIEW-CHANGEs, two of which claim A at 1. */
  function backup() {
    const one = replica(2, 'oral')
    one.hear(claims(0, [claim], [claim]), claims(1, [], [claim]), claims(3, [], []))
    const newView = (choices: readonly Facts[], senders = [0, 1, 3]) => ({
      kind: 'new-view',
      newView: {
        kind: 'oral-new-view',
        sender: 1,
        view: 1,
        cited: senders.map((sender) => ({ sender, digest: digestOf(`claims ${sender}`) })),
        checkpoint: START,
        choices,
      },
    })
    return { one, newView }
  }
  it('allows a choice that A1 and A2 bear out', () => {
    const { one, newView } = backup()
    expect(one.logs(newView([{ sequence: 1, digest: A }]))).toBeNull()
  })
  it('refuses a choice without A2, null without B, and VIEW-CHANGEs without a voucher', () => {
    const { one, newView } = backup()
    expect(one.logs(newView([{ sequence: 1, digest: B }]))).toContain('do not bear out')
    const { one: two } = backup()
    expect(two.logs(newView([{ sequence: 1, digest: NULL }]))).toContain('do not bear out')
    const { one: three } = backup()
    expect(three.logs(newView([], [0, 1]))).toContain('it rests on 2')
    const four = replica(2, 'oral')
    four.hear(claims(0, [], []), claims(1, [], []), {
      kind: 'view-change-delivery',
      viewChange: claims(3, [], []),
    })
    expect(four.logs(newView([]))).toContain('not vouched for')
    const five = replica(2, 'oral')
    five.hear(claims(0, [], []), claims(1, [], []), ack(0, 3), {
      kind: 'view-change-delivery',
      viewChange: claims(3, [], []),
    })
    expect(five.logs(newView([]))).toBeNull()
  })
  it('allows an acknowledgement of what came from its sender, once it is on disk', () => {
    const { one } = backup()
    const { sender: _, kind: __, ...named } = ack(2, 0)
    expect(one.logs({ kind: 'acknowledged', ...named })).toBeNull()
    expect(one.sends(ack(2, 0))).toBeNull()
    expect(one.sends(ack(2, 3))).toContain('its log does not hold it')
    expect(one.logs({ kind: 'acknowledged', ...named, digest: B })).toContain('it acknowledged another one')
    expect(one.logs({ kind: 'acknowledged', ...named, of: 3, digest: B })).toContain(
      'its sender did not send it',
    )
  })
  it('refuses claims that are not so, and those that leave something out', () => {
    const one = replica(2, 'oral')
    one.hear(prePrepare(1))
    one.logs(accepted(1))
    one.sends({ kind: 'prepare', ...place(1) })
    const leave = (q: readonly Facts[]) => ({ kind: 'view-change', content: claims(2, [], q) })
    expect(one.logs(leave([]))).toContain('it conceals')
    const two = replica(2, 'oral')
    expect(two.logs(leave([claim]))).toContain('did not have')
  })
})

describe('what a crash leaves', () => {
  it('keeps what was logged, and forgets what was heard', () => {
    const one = preparedBackup()
    one.crash(2)
    expect(one.sends({ kind: 'commit', ...place(1) })).toBeNull()
    const two = preparedBackup()
    two.hear(prePrepare(2))
    two.crash(2)
    expect(two.logs(accepted(2))).toContain('the primary did not say so')
  })
  it('allows no vote after a loss, until it is healed', () => {
    const one = preparedBackup()
    one.crash(0)
    one.hear(prePrepare(1))
    one.logs(accepted(1))
    expect(one.sends({ kind: 'prepare', ...place(1) })).toContain('it forgot what it said')
    expect(one.logs({ kind: 'healed', view: 2 })).toContain('not yet history')
  })
  it('refuses a STATUS that is not true', () => {
    const status = { kind: 'status', view: 0, isActive: true, lowWatermark: 0, lastExecuted: 0 }
    expect(replica(2).sends(status)).toBeNull()
    expect(replica(2).sends({ ...status, lastExecuted: 1 })).toContain('it executed 0')
    expect(replica(2).sends({ ...status, view: 1 })).toContain('it is in view 0')
  })
})
