/** Conditions and parameters of HTTP requests: each is evaluated or refused, and none is passed over. */
import { describe, expect, test } from 'vitest'
import { readOutcome, writeTest } from '../../clients/gateway/conditions.ts'
import { readParameters } from '../../clients/gateway/query.ts'

describe('the condition of a write', () => {
  /** Which of the revisions 0 (no such key), 4, 5 and 6 it accepts. */
  const accepted = (headers: Record<string, string>, ifRevision: number | null = null) => {
    const revisionTest = writeTest(headers, ifRevision)
    return revisionTest === null ? null : [0, 4, 5, 6].filter((each) => revisionTest.accepts(each))
  }

  test.each([
    [{}, null],
    [{ 'if-match': '"5"' }, [5]],
    [{ 'if-match': ' "4" ,, "6"' }, [4, 6]],
    [{ 'if-match': '*' }, [4, 5, 6]],
    [{ 'if-match': 'W/"5"' }, []],
    [{ 'if-match': '"05"' }, []],
    [{ 'if-match': '"0"' }, []],
    [{ 'if-match': '"of another server"' }, 'throws'],
    [{ 'if-match': '"other,server"' }, []],
    [{ 'if-none-match': '*' }, [0]],
    [{ 'if-none-match': 'W/"5", "6"' }, [0, 4]],
    [{ 'if-match': '"5", "6"', 'if-none-match': '"6"' }, [5]],
    [{ 'if-match': '*', 'if-none-match': '*' }, []],
    [{ 'if-match': '5' }, 'throws'],
    [{ 'if-match': '' }, 'throws'],
    [{ 'if-match': '"5' }, 'throws'],
    [{ 'if-match': '"5" "6"' }, 'throws'],
    [{ 'if-match': '*, "5"' }, 'throws'],
    [{ 'if-none-macth': '*' }, 'throws'],
    [{ if: '(["5"])' }, 'throws'],
    [{ 'if-unmodified-since': 'Sat, 28 Nov 2026 00:00:00 GMT' }, 'throws'],
    [{ 'if-unmodified-since': 'Sat, 28 Nov 2026 00:00:00 GMT', 'if-match': '"5"' }, [5]],
    [{ 'if-modified-since': 'Sat, 28 Nov 2026 00:00:00 GMT' }, null],
    [{ 'idempotency-key': 'a' }, null],
    [{ 'content-range': 'bytes 0-1/2' }, 'throws'],
    [{ 'content-encoding': 'gzip' }, 'throws'],
    [{ 'content-encoding': 'identity' }, null],
  ] as const)('%j: %j', (headers, expected) => {
    if (expected === 'throws') expect(() => accepted(headers)).toThrow()
    else expect(accepted(headers)).toEqual(expected)
  })

  test('ifRevision and a header hold both', () => {
    expect(accepted({}, 5)).toEqual([5])
    expect(accepted({ 'if-match': '"5"' }, 5)).toEqual([5])
    expect(accepted({ 'if-match': '"6"' }, 5)).toEqual([])
    expect(accepted({ 'if-none-match': '*' }, 0)).toEqual([0])
  })

  test('a long list is read in one go', () => {
    const tags = Array.from({ length: 4_000 }, (_, index) => `"${index + 100}"`).join(',')
    expect(accepted({ 'if-match': tags })).toEqual([])
    expect(() => accepted({ 'if-match': `${','.repeat(16_000)}x` })).toThrow()
  })
})

test.each([
  [{}, 'send'],
  [{ 'if-none-match': '"5"' }, 'not-modified'],
  [{ 'if-none-match': 'W/"5"' }, 'not-modified'],
  [{ 'if-none-match': '*' }, 'not-modified'],
  [{ 'if-none-match': '"4"' }, 'send'],
  [{ 'if-match': '"5"' }, 'send'],
  [{ 'if-match': '"4"' }, 'revision-moved'],
  [{ 'if-match': 'W/"5"' }, 'revision-moved'],
  [{ 'if-match': '"4"', 'if-none-match': '"5"' }, 'revision-moved'],
])('a reader that says %j of a key at 5: %s', (headers, outcome) => {
  expect(readOutcome(headers, 5)).toBe(outcome)
})

describe('query parameters', () => {
  const known = ['ifRevision', 'receipt']
  test('are given by name, as they stand', () => {
    expect([...readParameters('ifRevision=1&&receipt', known)]).toEqual([
      ['ifRevision', '1'],
      ['receipt', ''],
    ])
    expect([...readParameters('%69fRevision=%31', known)]).toEqual([['ifRevision', '%31']])
  })

  test.each([
    ['ifrevision=0', /did you mean ifRevision/],
    ['ifRevison=0', /did you mean ifRevision/],
    ['if_revision=0', /did you mean ifRevision/],
    ['recipt=1', /did you mean receipt/],
    ['cas=0', /it takes ifRevision, receipt/],
    ['ttl=5', /it takes ifRevision, receipt/],
    ['__proto__=1', /there is no parameter "__proto__"/],
    ['=1', /there is no parameter ""/],
    ['%zz=1', /not percent-encoded/],
    ['ifRevision=0&ifRevision=0', /more than once/],
  ])('%s is refused', (query, saying) => expect(() => readParameters(query, known)).toThrow(saying))
})
