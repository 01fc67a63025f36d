/** Rule 5.5: what one sender does is its own misfortune: turns by cost, a reserve, budgets, cut-off and return. */
import { describe, expect, test } from 'vitest'
import type { ClientId, Sequence, View } from '../../src/base/ids.ts'
import type { Peer } from '../../src/base/peer.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { encodeFrame, kindNumberIn } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { BATCH_REQUESTS_MAX } from '../../src/messages/limits.ts'
import type { ReplicaReport, Request } from '../../src/messages/message.ts'
import { packPayload } from '../../src/messages/payload.ts'
import { encodeRequest } from '../../src/messages/request.ts'
import { WaitingRequests } from '../../src/pbft/ordering/request-queue.ts'
import { PLACES_CONTESTED, WAITING_PER_CLIENT_MAX } from '../../src/pbft/parameters.ts'
import { Inbox } from '../../src/runtime/inbound/inbox.ts'
import {
  CLIENT_ANSWERS,
  CUT_OFF_TICKS,
  CUT_OFF_TICKS_MAX,
  FORGIVEN_AFTER_TICKS,
  OFFENCE_CHECKS,
  REPLICA_WASTE,
  SenderBudgets,
} from '../../src/runtime/inbound/sender-budgets.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { RuntimeUnderTest } from '../kit/runtime-kit.ts'

const kit = createClusterKit(4)
const { clientPeer } = kit
const INQUIRY = encodeFrame({
  kind: FRAME_KINDS.inquiry,
  payload: packPayload([1]),
  authentication: new Uint8Array(0),
  body: new Uint8Array(0),
}).bytes
const frameOf = (kind: keyof typeof FRAME_KINDS): Uint8Array => Uint8Array.of(0, 0, 0, 1, FRAME_KINDS[kind])

/** Takes so many frames, each of which costs what `costOf` says; gives whose they were. */
function takeAll(inbox: Inbox, count: number, costOf: (peer: Peer) => number = () => 1): readonly Peer[] {
  return Array.from({ length: count }, () => {
    const taken = inbox.take()
    if (taken === null) throw new Error('nothing waits')
    taken.charge(costOf(taken.peer))
    return taken.peer
  })
}

describe('turns', () => {
  test('PBFT-5.5 a peer whose frames cost much has fewer turns', () => {
    const inbox = new Inbox(() => {})
    for (let count = 0; count < 100; count++) {
      inbox.push(kit.replicaPeer(1), frameOf('prepare'))
      inbox.push(kit.replicaPeer(2), frameOf('prepare'))
    }
    const taken = takeAll(inbox, 44, ({ id }) => (id === 1 ? 10 : 1))
    expect(taken.filter(({ id }) => id === 1)).toHaveLength(4)
  })

  test('PBFT-5.5 many clients have a part of the work together, and replicas have theirs', () => {
    const inbox = new Inbox(() => {})
    for (let client = 0; client < 200; client++) {
      for (let count = 0; count < 5; count++) {
        inbox.push({ kind: 'client', id: `stranger ${client}` as ClientId }, frameOf('request'))
      }
    }
    for (let count = 0; count < 20; count++) inbox.push(kit.replicaPeer(1), frameOf('commit'))
    const taken = takeAll(inbox, 40)
    expect(taken.filter(({ kind }) => kind === 'replica')).toHaveLength(20)
  })

  test('PBFT-5.5 STATUS and view changes do not wait behind what their sender has sent before', () => {
    for (const kind of ['status', 'view-change', 'new-view', 'checkpoint'] as const) {
      const inbox = new Inbox(() => {})
      for (let count = 0; count < 1_000; count++) inbox.push(kit.replicaPeer(1), frameOf('pre-prepare'))
      inbox.push(kit.replicaPeer(1), frameOf(kind))
      const kinds = [inbox.take(), inbox.take()].map((taken) => kindNumberIn(taken?.work as Uint8Array))
      expect(kinds).toContain(FRAME_KINDS[kind])
    }
  })

  test('PBFT-5.5 a peer without waiting frames saves up no turns', () => {
    const inbox = new Inbox(() => {})
    for (let count = 0; count < 100; count++) inbox.push(kit.replicaPeer(1), frameOf('prepare'))
    takeAll(inbox, 50)
    for (let count = 0; count < 50; count++) inbox.push(kit.replicaPeer(2), frameOf('prepare'))
    const taken = takeAll(inbox, 20)
    expect(taken.filter(({ id }) => id === 1).length).toBeGreaterThanOrEqual(9)
  })
})

describe('what takes several turns', () => {
  const ORDERED = BATCH_REQUESTS_MAX
  const requests = Array.from({ length: ORDERED }, (_, index) => kit.request(index))
  /** A PRE-PREPARE of all of them, one of which may be signed by somebody else than its client. */
  const ordered = (bad: number): Uint8Array => {
    const batch = kit.batch(requests.map((request, index) => (index === bad ? forged(request) : request)))
    return kit.frameOf(0, { kind: 'pre-prepare', view: 0 as View, sequence: 1 as Sequence, batch })
  }
  const forged = ({ publicKey, session, timestamp, responder, operations }: Request): Request => {
    const { sign } = kit.signers[3] as (typeof kit.signers)[0]
    return encodeRequest({ publicKey, session, timestamp, responder, operations }, { ...kit.tools, sign })
  }
  const badVote = (): Uint8Array => {
    const { bytes } = kit.vote('prepare', 2, { sequence: 1, digest: new Uint8Array(32) })
    return bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte))
  }

  test('PBFT-5.5 the rest of a turn comes before the frames behind it, and after the turns of others', () => {
    const inbox = new Inbox(() => {})
    const [first, second, other] = [frameOf('pre-prepare'), frameOf('prepare'), frameOf('commit')]
    inbox.push(kit.replicaPeer(1), first)
    inbox.push(kit.replicaPeer(1), second)
    inbox.push(kit.replicaPeer(2), other)
    const goOn = (): number => 0
    const taken = Array.from({ length: 4 }, (_, index) => {
      const turn = inbox.take()
      turn?.charge(index === 0 ? 5 : 1)
      if (index === 0) turn?.keep(goOn)
      return turn?.work
    })
    expect(taken).toEqual([first, other, goOn, second])
    expect(inbox.isEmpty).toBe(true)
  })

  test('PBFT-5.5 PBFT-7.14 what is kept for another turn counts as waiting, and goes when its sender is cut off', () => {
    const inbox = new Inbox(() => {})
    const large = new Uint8Array(8 * 1024 * 1024)
    inbox.push(kit.replicaPeer(1), large)
    inbox.take()?.keep(() => 0)
    expect(inbox.push(kit.replicaPeer(1), large)).toBe(false)
    inbox.drop(kit.replicaPeer(1))
    expect(inbox.isEmpty).toBe(true)
    expect(inbox.push(kit.replicaPeer(1), large)).toBe(true)
    expect(inbox.take()?.work).toBe(large)
  })

  test('PBFT-5.5 others have their turns while a batch of a thousand requests is checked', () => {
    const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(0))
    backup.receive(kit.replicaPeer(0), ordered(ORDERED - 1))
    expect(backup.rejected.map(({ from, reason }) => [from.id, reason])).toContainEqual([0, 'bad-signature'])
    const busy = new RuntimeUnderTest(kit, 1, new Uint8Array(0))
    busy.deliver(kit.replicaPeer(0), ordered(ORDERED - 1))
    busy.deliver(kit.replicaPeer(2), badVote())
    busy.run()
    expect(busy.rejected.map(({ from }) => from.id).slice(0, 2)).toEqual([2, 0])
  })

  test('PBFT-5.5 a bad request is found wherever it stands, and a good batch is prepared', () => {
    for (const bad of [0, 31, 32, 500]) {
      const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(0))
      backup.receive(kit.replicaPeer(0), ordered(bad))
      expect(backup.rejected.map(({ reason }) => reason)).toContain('bad-signature')
      expect(backup.sent.some(({ frame }) => kindNumberIn(frame) === FRAME_KINDS.prepare)).toBe(false)
    }
    const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(0))
    backup.receive(kit.replicaPeer(0), ordered(-1))
    expect(backup.sent.some(({ frame }) => kindNumberIn(frame) === FRAME_KINDS.prepare)).toBe(true)
  })
})

describe('budgets', () => {
  function watched() {
    const told: string[] = []
    const budgets = new SenderBudgets({
      onCutOff: ({ id }, because) => told.push(`${id} off: ${because}`),
      onReturn: ({ id }) => told.push(`${id} back`),
    })
    const pass = (ticks: number): void => {
      for (let tick = 0; tick < ticks; tick++) budgets.tick()
    }
    return { told, budgets, pass }
  }
  const flooder = kit.replicaPeer(3)

  test('PBFT-5.5 a peer within its budget is never cut off', () => {
    const { told, budgets, pass } = watched()
    for (let tick = 0; tick < 20_000; tick++) {
      budgets.wasted(flooder, REPLICA_WASTE.perTick)
      pass(1)
    }
    expect(told).toEqual([])
  })

  test('PBFT-5.5 a peer that wastes more is cut off for a while, longer each time, and readmitted', () => {
    const { told, budgets, pass } = watched()
    const away: number[] = []
    for (let time = 0; time < 9; time++) {
      budgets.wasted(flooder, REPLICA_WASTE.atOnce + 1)
      expect(budgets.isCutOff(flooder)).toBe(true)
      expect(budgets.isCutOff(kit.replicaPeer(2))).toBe(false)
      expect(budgets.cutOff.replicas).toEqual([{ id: 3, because: 'floods', times: time + 1 }])
      let ticks = 0
      for (; budgets.isCutOff(flooder) && ticks <= CUT_OFF_TICKS_MAX; ticks++) pass(1)
      away.push(ticks)
    }
    expect(away.slice(0, 3)).toEqual([CUT_OFF_TICKS, 2 * CUT_OFF_TICKS, 4 * CUT_OFF_TICKS])
    expect(away.at(-1)).toBe(CUT_OFF_TICKS_MAX)
    expect(told.slice(0, 2)).toEqual(['3 off: floods', '3 back'])
    pass(FORGIVEN_AFTER_TICKS)
    budgets.wasted(flooder, REPLICA_WASTE.atOnce + 1)
    pass(CUT_OFF_TICKS)
    expect(budgets.isCutOff(flooder)).toBe(false)
  })

  test('PBFT-5.5 a message that fails its checks weighs more, and is the reported reason', () => {
    const { told, budgets } = watched()
    const most = Math.ceil(REPLICA_WASTE.atOnce / OFFENCE_CHECKS)
    for (let count = 0; count <= most; count++) budgets.offended(flooder, 1)
    expect(told).toEqual(['3 off: fails-checks'])
  })

  test('PBFT-5.5 strangers without number leave a bounded number of accounts and come back all the same', () => {
    const { told, budgets } = watched()
    const stranger = (number: number): Peer => ({ kind: 'client', id: `stranger ${number}` as ClientId })
    for (let number = 0; number < 3_000; number++) budgets.wasted(stranger(number), 1e6)
    expect(budgets.cutOff.clients).toBeLessThanOrEqual(1_024)
    expect(told.filter((each) => each.endsWith('back'))).toHaveLength(3_000 - budgets.cutOff.clients)
  })
})

describe('a replica', () => {
  const reportOf = (replica: RuntimeUnderTest): ReplicaReport => {
    replica.sent.length = 0
    replica.receive(clientPeer(9), INQUIRY)
    const [sent] = replica.sent
    const message = decodeMessage(sent?.frame ?? INQUIRY, kit.tools)
    if (message.kind !== 'report') throw new Error('no report')
    return message.report
  }

  test('PBFT-5.5 cuts off a peer that sends bad signatures in any name, reports it, and readmits it', () => {
    const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(0))
    const { bytes } = kit.vote('prepare', 2, { sequence: 1, digest: new Uint8Array(32) })
    const bad = bytes.slice()
    bad[bad.length - 1] = (bad[bad.length - 1] as number) ^ 1
    let sent = 0
    for (; !backup.rejected.some(({ reason }) => reason === 'cut-off'); sent++) {
      backup.receive(kit.replicaPeer(3), bad)
      expect(sent).toBeLessThan(1_000)
    }
    const refused = backup.rejected.length
    backup.receive(kit.replicaPeer(3), ...new Array(1_000).fill(bad))
    expect(backup.rejected).toHaveLength(refused) // not even looked at
    expect(reportOf(backup)).toMatchObject({
      cutOff: [{ id: 3, because: 'fails-checks', times: 1 }],
      cutOffClients: 0,
    })
    backup.tick(CUT_OFF_TICKS)
    expect(backup.resumed).toEqual([kit.replicaPeer(3)])
    expect(reportOf(backup).cutOff).toEqual([])
    backup.receive(kit.replicaPeer(3), bad)
    expect(backup.rejected).toHaveLength(refused + 1)
  })

  test('PBFT-5.5 cuts off only a peer that sends good messages without end', () => {
    const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(0))
    for (let count = 0; count < 200; count++) {
      const flood = Array.from({ length: 100 }, (_, index) =>
        kit.checkpoint(3, 128 * (1_000 + count * 100 + index), new Uint8Array(32)),
      )
      backup.receive(kit.replicaPeer(3), ...flood.map(({ bytes }) => bytes))
      backup.receive(kit.replicaPeer(2), kit.status(2).bytes)
      backup.tick()
    }
    const cutOff = backup.rejected.filter(({ reason }) => reason === 'cut-off')
    expect(new Set(cutOff.map(({ from }) => from.id))).toEqual(new Set([3]))
  })

  test('PBFT-5.5 a client that repeats an executed request gets a bounded number of replies, and the same bytes', () => {
    const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(0))
    const request = kit.request(0)
    backup.receive(kit.replicaPeer(0), kit.decision({ sequence: 1, batch: kit.batch([request]) }).bytes)
    backup.sent.length = 0
    for (let count = 0; count < 1_000; count++) backup.receive(clientPeer(0), request.bytes)
    const replies = backup.sent.filter(({ frame }) => kindNumberIn(frame) === FRAME_KINDS.reply)
    expect(replies).toHaveLength(CLIENT_ANSWERS.atOnce)
    expect(new Set(replies.map(({ frame }) => frame)).size).toBe(1) // made and signed once
    backup.sent.length = 0
    backup.tick(10)
    for (let count = 0; count < 100; count++) backup.receive(clientPeer(0), request.bytes)
    expect(backup.sent.filter(({ frame }) => kindNumberIn(frame) === FRAME_KINDS.reply)).toHaveLength(
      10 * CLIENT_ANSWERS.perTick,
    )
  })

  test("PBFT-5.5 what one client's name is abused for is not at its expense", () => {
    const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(0))
    const request = kit.request(0)
    backup.receive(kit.replicaPeer(0), kit.decision({ sequence: 1, batch: kit.batch([request]) }).bytes)
    for (let count = 0; count < 500; count++) {
      backup.receive(clientPeer(5), request.bytes)
      backup.receive(kit.replicaPeer(3), request.bytes)
    }
    backup.sent.length = 0
    backup.receive(clientPeer(0), request.bytes)
    expect(backup.sent).toHaveLength(1)
  })
})

describe('places in a batch', () => {
  const LIMITS = { requests: BATCH_REQUESTS_MAX, bytes: 4 * 1024 * 1024 }
  const flooded = (): WaitingRequests => {
    const waiting = new WaitingRequests()
    for (let timestamp = 1; timestamp <= WAITING_PER_CLIENT_MAX; timestamp++) {
      waiting.add(kit.request(0, { timestamp }))
    }
    return waiting
  }
  const placesOf = (taken: readonly { readonly client: string }[], client: number): number =>
    taken.filter((request) => request.client === kit.clientId(client)).length

  test('PBFT-5.5 a client that floods has few more places than all others together', () => {
    const waiting = flooded()
    waiting.add(kit.request(1))
    waiting.add(kit.request(2))
    const taken = waiting.takeForBatch(LIMITS)
    expect([0, 1, 2].map((client) => placesOf(taken, client))).toEqual([2 + PLACES_CONTESTED, 1, 1])
  })

  test('PBFT-5.5 a client that is alone has all of them', () => {
    expect(flooded().takeForBatch(LIMITS)).toHaveLength(WAITING_PER_CLIENT_MAX)
  })

  test('PBFT-5.5 what is left over is taken the next time', () => {
    const waiting = flooded()
    waiting.add(kit.request(1))
    waiting.takeForBatch(LIMITS)
    expect(placesOf(waiting.takeForBatch(LIMITS), 0)).toBeGreaterThan(0)
  })
})
