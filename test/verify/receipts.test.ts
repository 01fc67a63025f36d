/** Receipts are checked with public keys alone: a true one stays true wherever it comes from, and no false one passes. */
import { describe, expect, test } from 'vitest'
import { challengedOperations } from '../../clients/verify/challenge.ts'
import { nobleProofCrypto } from '../../clients/verify/noble.ts'
import { verifyReceipt } from '../../clients/verify/receipt.ts'
import { expectOperations } from '../../clients/verify/receipt-question.ts'
import { type ProofFault, verdictOf } from '../../clients/verify/refusal.ts'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { encodeFrame, splitFrame } from '../../src/messages/frame.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { replyWithoutResults } from '../../src/messages/reply.ts'
import { encodeOperations } from '../../src/store/operations-writer.ts'
import { seedOf } from '../kit/cluster-kit.ts'
import { get, list, put, remove } from '../store/harness.ts'
import { flipped, type Loose, loose, SigningCluster } from './proof-kit.ts'

const kit = new SigningCluster()
const operations = [put('colour', 'blue'), get('colour'), get('nothing'), remove('colour', 9), list('', 5)]
const receipt = kit.receipt(operations)
/** Another request of the same client, and the same one under other keys. */
const later = kit.receipt([put('colour', 'red')])
const elsewhere = new SigningCluster({ keys: 500 }).receipt(operations)

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const bytesOf = (text: unknown): Uint8Array => Uint8Array.from(Buffer.from(text as string, 'base64'))
const replies = (document: Loose): string[] => document['replies'] as string[]

function partsOf(text: unknown) {
  const frame = splitFrame(bytesOf(text))
  if (isRejection(frame)) throw new Error('no frame')
  const { kind, payload, authentication, body } = frame
  return { kind, payload, authentication, body: Uint8Array.from(body) }
}

/** The frame with another body: what no signature covers. */
function withBody(text: unknown, change: (body: Uint8Array) => Uint8Array): string {
  const parts = partsOf(text)
  return base64(encodeFrame({ ...parts, body: change(parts.body) }).bytes)
}

const changeByte =
  (at: number, by = 1) =>
  (body: Uint8Array) => {
    body[at] = (body[at] as number) ^ by
    return body
  }

/** Other results of the same request, signed by some replicas, beside the true replies of others. */
function otherResults(lying: readonly number[], honest: readonly number[]): unknown {
  const request = kit.request(...operations)
  const [true_, false_] = [
    kit.store.bytes(request.operations),
    new SigningCluster().store.bytes(request.operations),
  ]
  return {
    ...receipt,
    request: base64(request.bytes),
    results: base64(false_),
    replies: [
      ...lying.map((id) => base64(replyWithoutResults(kit.reply(id, request, false_)))),
      ...honest.map((id) => base64(replyWithoutResults(kit.reply(id, request, true_)))),
    ],
  }
}

type Forgery = readonly [name: string, fault: ProofFault, forge: (document: Loose) => unknown]

const set =
  (name: string, value: unknown) =>
  (document: Loose): Loose => ({ ...document, [name]: value })
const says =
  (member: string, value: unknown) =>
  (document: Loose): Loose => ({ ...document, says: { ...(document['says'] as object), [member]: value } })
const reply =
  (index: number, change: (text: string) => string) =>
  (document: Loose): Loose => {
    const changed = [...replies(document)]
    changed[index] = change(changed[index] ?? '')
    return { ...document, replies: changed }
  }

const FORGERIES: readonly Forgery[] = [
  ['no document', 'form', () => 'a text'],
  ['a list', 'form', () => [receipt]],
  ['another kind', 'form', set('strategos', 'evidence')],
  ['a later version', 'version', set('version', 2)],
  ['a version in words', 'version', set('version', '1')],
  ['a member too many', 'form', set('note', 'trust me')],
  ['no results', 'form', (document) => ({ ...document, results: undefined })],
  ['a request that is not base64', 'form', set('request', '%%%%')],
  ['base64 with bits behind its end', 'form', (document) => ({ ...document, results: 'AAB=' })],
  ['replies that are no list', 'form', set('replies', {})],
  [
    'more replies than replicas',
    'form',
    (document) => ({ ...document, replies: new Array(5).fill(replies(document)[0]) }),
  ],
  ['a cluster id that is not hexadecimal', 'form', set('clusterId', 'xyz')],
  ['another cluster', 'other-cluster', set('clusterId', toHex(seedOf(3)))],
  ['a receipt of another cluster', 'other-cluster', () => elsewhere],
  [
    'the same under the id of this cluster',
    'request-signature',
    () => ({ ...elsewhere, clusterId: receipt.clusterId }),
  ],
  ['another client in words', 'says', says('client', toHex(seedOf(1)))],
  ['another timestamp in words', 'says', says('timestamp', 17)],
  ['another digest in words', 'says', says('requestDigest', toHex(seedOf(2)))],
  ['an earlier sequence number in words', 'says', says('sequence', 8)],
  ['more replicas in words', 'says', says('replicas', [0, 1, 2])],
  [
    'another operation in words',
    'says',
    (document) => {
      const said = structuredClone(document['says']) as { operations: { key?: string }[] }
      ;(said.operations[0] as { key: string }).key = 'color'
      return { ...document, says: said }
    },
  ],
  [
    'another revision in words',
    'says',
    (document) => {
      const said = structuredClone(document['says']) as { results: { revision: number }[] }
      ;(said.results[0] as { revision: number }).revision++
      return { ...document, says: said }
    },
  ],
  ['a word too many', 'says', says('note', 'trust me')],
  ['no words', 'form', set('says', null)],
  ['a request that is a reply', 'request', (document) => ({ ...document, request: replies(document)[0] })],
  [
    'a request that is no frame',
    'request',
    (document) => ({ ...document, request: base64(bytesOf(document['request']).subarray(1)) }),
  ],
  [
    'another payload of the request',
    'request',
    (document) => ({ ...document, request: flipped(document['request'], 7) }),
  ],
  [
    'another client key in the request',
    'request-signature',
    (document) => ({ ...document, request: flipped(document['request'], 12) }),
  ],
  [
    'another signature of the client',
    'request-signature',
    (document) => {
      const parts = partsOf(document['request'])
      const authentication = changeByte(3)(Uint8Array.from(parts.authentication))
      return { ...document, request: base64(encodeFrame({ ...parts, authentication }).bytes) }
    },
  ],
  [
    'operations that the client did not sign',
    'request',
    (document) => ({
      ...document,
      request: withBody(document['request'], () => encodeOperations([put('colour', 'green')])),
    }),
  ],
  ['the request of another receipt', 'results', (document) => ({ ...document, request: later.request })],
  ['the results of another receipt', 'results', (document) => ({ ...document, results: later.results })],
  [
    'one bit of the results',
    'results',
    (document) => ({ ...document, results: flipped(document['results'], 10) }),
  ],
  [
    'results that break their layout',
    'results',
    (document) => ({ ...document, results: flipped(document['results'], 6) }),
  ],
  [
    'the results without the last',
    'results',
    (document) => ({ ...document, results: base64(bytesOf(document['results']).subarray(0, -30)) }),
  ],
  [
    'the replies of another receipt',
    'reply',
    (document) => ({ ...document, results: document['results'], replies: later.replies }),
  ],
  ['no reply', 'too-few-replies', set('replies', [])],
  [
    'a reply too few',
    'too-few-replies',
    (document) => ({ ...document, replies: replies(document).slice(1) }),
  ],
  [
    'one replica twice',
    'reply-repeated',
    (document) => ({ ...document, replies: [replies(document)[0], replies(document)[0]] }),
  ],
  [
    'a reply that is a request',
    'reply',
    (document) => reply(1, () => document['request'] as string)(document),
  ],
  ['a reply that is no frame', 'reply', reply(0, (text) => base64(bytesOf(text).subarray(0, 40)))],
  [
    'a reply with bytes behind its end',
    'reply',
    reply(1, (text) => base64(Buffer.concat([bytesOf(text), Buffer.of(0)]))),
  ],
  [
    'a reply of a replica that is not there',
    'reply',
    reply(1, (text) => {
      const parts = partsOf(text)
      const payload = Uint8Array.from(parts.payload)
      payload[1] = 4
      return base64(encodeFrame({ ...parts, payload }).bytes)
    }),
  ],
  [
    'a reply in the name of another replica',
    'reply-signature',
    reply(1, (text) => {
      const parts = partsOf(text)
      const payload = Uint8Array.from(parts.payload)
      payload[1] = 2
      return base64(encodeFrame({ ...parts, payload }).bytes)
    }),
  ],
  ['another sequence number in a reply', 'reply-signature', reply(0, (text) => flipped(text, 10))],
  ['another root in a reply', 'reply-signature', reply(0, (text) => flipped(text, 20))],
  [
    'no signature of a reply',
    'reply-signature',
    reply(0, (text) => base64(encodeFrame({ ...partsOf(text), authentication: new Uint8Array(0) }).bytes)),
  ],
  ['a reply to another client', 'reply', reply(0, (text) => withBody(text, changeByte(1)))],
  ['a reply to another session', 'reply', reply(0, (text) => withBody(text, changeByte(33)))],
  ['a reply to another timestamp', 'reply', reply(0, (text) => withBody(text, changeByte(55)))],
  ['a reply to another request', 'reply', reply(0, (text) => withBody(text, changeByte(60)))],
  ['a reply about other results', 'results', reply(0, (text) => withBody(text, changeByte(100)))],
  [
    'a reply with results',
    'reply',
    reply(0, (text) => withBody(text, (body) => changeByte(body.length - 1)(body))),
  ],
  ['a path to another root', 'path', reply(0, (text) => withBody(text, changeByte(130)))],
  ['another place of the leaf', 'path', reply(0, (text) => withBody(text, changeByte(121, 2)))],
  ['a place behind the last leaf', 'path', reply(0, (text) => withBody(text, changeByte(121, 4)))],
  ['a path too short', 'reply', reply(0, (text) => withBody(text, changeByte(124)))],
  ['false results that f replicas signed', 'too-few-replies', () => otherResults([3], [])],
  ['the same beside replies of correct replicas', 'results', () => otherResults([3], [0, 1])],
]

describe('a receipt', () => {
  test('PBFT-1.7 is proved, and shows the request and its results', () => {
    const verdict = verifyReceipt(kit.context, receipt)
    expect(verdict).toMatchObject({ kind: 'proved' })
    if (verdict.kind !== 'proved') return
    expect(verdict.proved.says).toEqual(receipt.says)
    expect(verdict.proved.says).toMatchObject({
      sequence: 9,
      replicas: [0, 1],
      client: toHex(kit.client.publicKey),
    })
    expect(verdict.proved.says.operations[0]).toEqual({ kind: 'put', key: 'colour', valueBytes: 4 })
    expect(verdict.proved.says.results.map(({ status }) => status)).toEqual([
      'ok',
      'ok',
      'not-found',
      'revision-moved',
      'ok',
    ])
    expect(verifyReceipt({ ...kit.context, crypto: nobleProofCrypto }, receipt)).toEqual(verdict)
    expect(verifyReceipt(kit.context, JSON.parse(JSON.stringify(receipt)))).toEqual(verdict)
  })

  test.each(FORGERIES)('%s: refused (%s)', (_name, fault, forge) => {
    expect(verifyReceipt(kit.context, forge(loose(receipt)))).toMatchObject({ kind: 'refused', fault })
  })

  test('every bit of the signed bytes counts', () => {
    for (const [index, text] of [receipt.request, receipt.results, ...receipt.replies].entries()) {
      const { length } = bytesOf(text)
      for (let at = 0; at < length; at += 5) {
        const changed = flipped(text, at)
        const forged =
          index === 0
            ? { ...receipt, request: changed }
            : index === 1
              ? { ...receipt, results: changed }
              : { ...receipt, replies: receipt.replies.map((each, i) => (i === index - 2 ? changed : each)) }
        expect(verifyReceipt(kit.context, forged).kind, `${index} at ${at}`).toBe('refused')
      }
    }
  })

  test('there are forgeries enough, each with a reason of its own', () => {
    expect(FORGERIES.length).toBeGreaterThanOrEqual(25)
    const reasons = FORGERIES.map(([, , forge]) => {
      const verdict = verifyReceipt(kit.context, forge(loose(receipt)))
      return verdict.kind === 'refused' ? verdict.because : ''
    })
    expect(reasons.every((reason) => reason.length > 10 && !reason.endsWith('.'))).toBe(true)
  })

  test.each([
    { why: 'a lower one', sequences: [3, 9, 9], bound: 9 },
    { why: 'a higher one, beside f + 1 others', sequences: [900, 900, 9, 9, 9], bound: 9 },
    { why: 'of those that were asked again, the lowest', sequences: [11, 9, 12, 9], bound: 11 },
  ])('f faulty replicas cannot move the sequence number below that of the execution: $why', (drawn) => {
    const seven = new SigningCluster({ n: 7, keys: 700 })
    const signed = seven.receipt(
      [put('a', 'b')],
      [0, 1, 2, 3, 4].slice(0, drawn.sequences.length),
      drawn.sequences,
    )
    expect(verifyReceipt(seven.context, signed)).toMatchObject({
      kind: 'proved',
      proved: { says: { sequence: drawn.bound } },
    })
  })

  test('PBFT-5.1 needs Q replicas where reads are not ordered', () => {
    const unordered = new SigningCluster({ reads: 'unordered', keys: 300 })
    const three = unordered.receipt([put('a', 'b')], [0, 1, 3])
    expect(verifyReceipt(unordered.context, three)).toMatchObject({ kind: 'proved' })
    expect(verifyReceipt(unordered.context, { ...three, replies: three.replies.slice(1) })).toMatchObject({
      fault: 'too-few-replies',
    })
  })

  test('a cluster with MACs has none', () => {
    const oral = { ...kit.context, cluster: { ...kit.cluster, mode: 'oral' } } as const
    expect(verifyReceipt(oral, receipt)).toMatchObject({ fault: 'oral' })
  })

  test('a reader who drew a challenge sees an older receipt, and one of another question', () => {
    const challenge = fromHex('5a'.repeat(16)) as Uint8Array
    const asked = challengedOperations(get('colour'), challenge)
    const verdict = verifyReceipt(kit.context, kit.receipt(asked))
    const faultOf = (...wanted: Parameters<typeof challengedOperations>) =>
      verdictOf(() => {
        if (verdict.kind === 'proved')
          expectOperations(verdict.proved, encodeOperations(challengedOperations(...wanted)))
      })
    expect(faultOf(get('colour'), challenge).kind).toBe('proved')
    expect(faultOf(get('colour'), fromHex('5b'.repeat(16)))).toMatchObject({ fault: 'not-asked' })
    expect(faultOf(get('color'), challenge)).toMatchObject({ fault: 'not-asked' })
    expect(faultOf(get('colour'), null)).toMatchObject({ fault: 'not-asked' })
  })
})
