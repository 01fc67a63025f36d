/** Lies about the changes that watches are made of: one too few, or one too many. */
import { concatBytes, readU32, writeU32 } from '../../../src/base/bytes.ts'
import { interpretChangesResult } from '../../../src/store/changes-result.ts'
import { OPERATION_CODES } from '../../../src/store/operations.ts'
import { type Attack, lastBackups, oneTooMany } from '../../language/attack.ts'
import { type Lie, lyingInResults } from '../../language/lying-application.ts'

/** The offset of the count of changes, and the bytes of a change before its key. */
const COUNT_AT = 20
const KEY_AT = 15

/** Makes other fields of an answer with its changes, of which the last one begins at this offset. */
const aboutChanges =
  (
    change: (fields: Uint8Array, lastAt: number) => { readonly count: number; readonly fields: Uint8Array },
  ): Lie =>
  (cursor, { fields }) => {
    const changes = cursor.code === OPERATION_CODES.changes ? interpretChangesResult(fields)?.changes : null
    const last = changes?.at(-1)
    if (last === undefined) return null
    const lied = change(fields, last.key.byteOffset - fields.byteOffset - KEY_AT)
    writeU32(lied.fields, COUNT_AT, lied.count)
    return lied.fields
  }

const withoutLast = aboutChanges((fields, lastAt) => ({
  count: readU32(fields, COUNT_AT) - 1,
  fields: fields.slice(0, lastAt),
}))

const withAnother = aboutChanges((fields, lastAt) => {
  const invented = fields.slice(lastAt)
  invented[KEY_AT] = (invented[KEY_AT] ?? 0) ^ 1
  return { count: readU32(fields, COUNT_AT) + 1, fields: concatBytes(fields, invented) }
})

export const withholdEvent: Attack = {
  name: 'withhold-event',
  world: 'simulator',
  targets: ['safety'],
  does: 'leaves the last change out of its answers to reads of changes',
  source: "etcd's promise that a watch is reliable",
  expects: 'no client passes a change over, because enough replicas must give the same ones',
  traitors: lastBackups,
  drawn: 'with every operation',
  behaviour: () => ({}),
  parts: lyingInResults(withoutLast),
  simulated: { usesEveryOperation: true },
}

export const inventEvent: Attack = {
  ...withholdEvent,
  name: 'invent-event',
  does: 'adds a change that never was to its answers to reads of changes',
  expects: 'no client takes it for one, because enough replicas must give the same ones',
  parts: lyingInResults(withAnother),
  simulated: { usesEveryOperation: true, plan: { reads: 'unordered' } },
}

const CONTROL: Pick<Attack, 'traitors' | 'control' | 'environment' | 'simulated'> = {
  traitors: oneTooMany,
  control: { breaks: 'answers' },
  environment: { lasts: 3 },
  simulated: { usesEveryOperation: true },
}

export const withheldEvents: Attack = {
  ...withholdEvent,
  ...CONTROL,
  name: 'withheld-events',
  does: 'f + 1 traitors leave the same last change out of their answers to reads of changes',
  expects: 'a client misses the change',
}

export const inventedEvents: Attack = {
  ...inventEvent,
  ...CONTROL,
  name: 'invented-events',
  does: 'f + 1 traitors add the same change that never was to their answers to reads of changes',
  expects: 'a client believes it',
}
