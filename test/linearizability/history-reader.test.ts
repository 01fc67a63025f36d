/** The text form of histories: every fault is named, and no line can break the reader. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkHistory } from '../../src/linearizability/check-history.ts'
import { HistoryReader } from '../../src/linearizability/history-reader.ts'
import { deeper } from '../kit/depth.ts'
import { recordStore } from './history-kit.ts'

/** Returns the fault of the last of these lines; the others must be right. */
function faultOf(...lines: readonly string[]): string | null {
  const reader = new HistoryReader()
  for (const line of lines.slice(0, -1)) expect(reader.line(line)).toBeNull()
  return reader.line(lines.at(-1) as string)
}

const write = '{"process":0,"type":"invoke","f":"write","key":"x","value":1}'
const read = '{"process":0,"type":"invoke","f":"read","key":"x","value":null}'
const cas = '{"process":0,"type":"invoke","f":"cas","key":"x","value":[1,2]}'
const event = (members: object): string => JSON.stringify({ process: 0, key: 'x', ...members })

describe('accepted', () => {
  test.each([
    ['an empty line', ['']],
    ['a carriage return', [`${write}\r`]],
    ['other members', [event({ type: 'invoke', f: 'write', value: 1, time: 5, index: 0, error: 'x' })]],
    ['an end without f, key and value', [write, '{"process":0,"type":"ok"}']],
    ['an info with null', [write, event({ type: 'info', f: 'write', value: null })]],
    ['a process that goes on after an info', [write, '{"process":0,"type":"info"}', read]],
    [
      'a read without a value',
      [event({ type: 'invoke', f: 'read' }), event({ type: 'ok', f: 'read', value: [] })],
    ],
    ['a cas with its pair again', [cas, event({ type: 'ok', f: 'cas', value: [1, 2] })]],
    [
      'a member called __proto__',
      [event({ type: 'invoke', f: 'write' }).replace('}', ',"value":{"__proto__":1}}')],
    ],
  ])('%s', (_, lines) => expect(faultOf(...lines)).toBeNull())
})

describe('refused', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['no JSON', ['{"process":0'], /not JSON/],
    ['two objects', [`${write}${write}`], /not JSON/],
    ['an array', ['[]'], /not a JSON object/],
    ['null', ['null'], /not a JSON object/],
    ['a process that is no number', [write.replace('0', '"a"')], /"process" must be .* not "a"/],
    ['a negative process', [write.replace('0', '-1')], /"process" must be/],
    ['an unknown type', [event({ type: 'done', f: 'read' })], /"type" must be .* not "done"/],
    ['no type', [event({ f: 'read' })], /"type" must be .* not nothing/],
    ['an unknown f', [event({ type: 'invoke', f: 'append', value: 1 })], /"f" must be .* not "append"/],
    [
      'a key that is no string',
      ['{"process":0,"type":"invoke","f":"read","key":1}'],
      /"key" must be a string/,
    ],
    ['a write without a value', [event({ type: 'invoke', f: 'write' })], /has no "value"/],
    ['a read that knows its value', [event({ type: 'invoke', f: 'read', value: 1 })], /with the value null/],
    ['a cas of one value', [event({ type: 'invoke', f: 'cas', value: [1] })], /must be \[old, new\]/],
    ['an end without a beginning', [event({ type: 'ok', f: 'read', value: 1 })], /did not invoke/],
    ['a second end', [write, '{"process":0,"type":"ok"}', '{"process":0,"type":"ok"}'], /did not invoke/],
    ['two under way', [write, read], /while its earlier one is under way/],
    ['another f', [write, event({ type: 'ok', f: 'read', value: 1 })], /a write is completed as "read"/],
    ['another key', [write, '{"process":0,"type":"ok","key":"y"}'], /on key "x" is completed on key "y"/],
    ['another value', [write, event({ type: 'ok', value: 2 })], /a write of 1 is completed with 2/],
    ['null for a value', [write, event({ type: 'ok', value: null })], /a write of 1 is completed with null/],
    ['a read that gave nothing', [read, '{"process":0,"type":"ok"}'], /the ok of a read has no "value"/],
    ['a number that is not exact', [write.replace('1', '9007199254740993')], /beyond 2\^53/],
    [
      'a number that is too large',
      [read, event({ type: 'ok' }).replace('}', ',"value":1e999}')],
      /beyond 2\^53/,
    ],
    ['a value too deep', [write.replace('1', `${'['.repeat(9000)}${']'.repeat(9000)}`)], /nested deeper/],
  ])('%s', (_, lines, saying) => expect(faultOf(...lines)).toMatch(saying))
})

test('whatever the bytes of a history are changed to, it is read or a fault is named', () => {
  const { lines } = recordStore({ seed: 1, operations: 30, keys: 2, processes: 4, doubt: 0.1 })
  const text = lines.join('\n')
  const verdicts = new Set<string>()
  const change = fc.record({
    at: fc.nat(text.length - 1),
    length: fc.nat(12),
    by: fc.oneof(fc.string(), fc.json()),
  })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      let changed = text
      for (const { at, length, by } of changes)
        changed = changed.slice(0, at) + by + changed.slice(at + length)
      const reader = new HistoryReader()
      const fault = changed
        .split('\n')
        .map((line) => reader.line(line))
        .find((each) => each !== null)
      verdicts.add(fault === undefined ? checkHistory(reader.history).kind : 'fault')
    }),
    { numRuns: deeper(666, 2_000) },
  )
  expect(verdicts).toContain('fault')
  expect(verdicts.size).toBeGreaterThan(1)
})

test('any JSON is a line that is read or refused', () => {
  fc.assert(
    fc.property(fc.array(fc.json()), fc.array(fc.jsonValue()), (texts, values) => {
      const reader = new HistoryReader()
      for (const text of texts) reader.line(text)
      for (const [process, value] of values.entries()) {
        reader.line(JSON.stringify({ process, type: 'invoke', f: 'write', key: 'x', value }))
        reader.line(JSON.stringify({ process, type: 'ok', f: 'write', key: 'x', value }))
      }
      expect(checkHistory(reader.history).kind).toBe('linearizable')
    }),
  )
})
