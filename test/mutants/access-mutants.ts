/** Mistakes against rights: what a client may then do, or see, that it may not. */
import { type Mutant, UNSEEN } from './mutant.ts'

const FILE = 'store/access.test.ts'
const seenBy = (test: string) => ({ paper: { file: FILE, test, why: UNSEEN.notRun }, rule: '1.6' }) as const

export const ACCESS_MUTANTS: readonly Mutant[] = [
  {
    name: 'a get is not judged',
    rule: '1.6',
    within: 'needsOf',
    search: 'return yield* reading(oneKey(key));',
    replacement: 'return;',
  },
  {
    ...seenBy('a range over a border'),
    name: 'a range is judged by its first key',
    within: 'needsOf',
    search: 'reading(readQuery(key))',
    replacement: 'reading(oneKey(readQuery(key).key))',
  },
  {
    ...seenBy('changes beyond'),
    name: 'changes are not judged',
    within: 'needsOf',
    search: 'return yield* reading(readChangesQuery(key));',
    replacement: 'return;',
  },
  {
    ...seenBy('a deletion of a range that shows what it may not read'),
    name: 'a deletion shows what its client may not read',
    within: 'needsOf',
    search: 'yield* reading(deletion);',
    replacement: '{}',
  },
  {
    ...seenBy('a put that shows what it may not read'),
    name: 'a put shows what its client may not read',
    within: 'needsOfPut',
    search: 'yield* reading(oneKey(key));',
    replacement: '{}',
  },
  {
    ...seenBy('a comparison that it may not read'),
    name: 'comparisons are not judged',
    within: 'needsOfTransaction',
    search: 'yield* reading(compare);',
    replacement: '{}',
  },
  {
    name: 'the operations of a transaction for the other outcome are not judged',
    rule: '1.6',
    within: 'needsOfTransaction',
    search: '[success, failure]',
    replacement: '[success]',
  },
  {
    ...seenBy('an operation in a transaction within'),
    name: 'a transaction in another one is not judged',
    within: 'needsOfMember',
    search: 'return yield* needsOfTransaction(cursor, member.transaction, principal);',
    replacement: 'return;',
  },
  {
    name: 'everybody administers',
    rule: '1.6',
    within: 'needsOfOther',
    search: "yield { kind: 'administrator' };",
    replacement: '',
  },
  {
    ...seenBy('belong to the principal they were granted to'),
    name: 'a lease belongs to everybody',
    within: 'isMet',
    search: 'return holder === principal;',
    replacement: 'return true;',
  },
  {
    ...seenBy('to revoke one is to delete its keys'),
    name: 'a revoked lease takes keys with it that its holder may not write',
    within: 'needsOfOther',
    search: "yield { kind: 'lease-keys', lease, permission: PERMISSIONS.write };",
    replacement: '',
  },
  {
    ...seenBy('an id that is used again has another owner'),
    name: 'a lease that ended keeps its holder',
    within: 'Leases.end',
    search: 'this.#onEnd(id);',
    replacement: '',
  },
  {
    ...seenBy('takes the right to, and then gives the rights of the other'),
    name: 'everybody acts for everybody',
    within: 'principalFor',
    search: 'sender.isAdministrator || access.mayActFor(client, actAs)',
    replacement: 'true',
  },
  {
    name: 'rights cover the keys between them',
    rule: '1.6',
    within: 'covers',
    search: 'compareBytes(from, at) > 0 || ',
    replacement: '',
  },
  {
    ...seenBy('a removed principal comes back without its rights'),
    name: 'a removed principal keeps its rights',
    within: 'AccessRecords.remove',
    search: 'this.setRights(id, []);',
    replacement: '',
  },
  {
    ...seenBy('a change takes a revision'),
    name: 'rights change within a revision',
    within: 'executeOnAccess',
    search: 'store.takeRevision();',
    replacement: '',
  },
  {
    ...seenBy('keeps the idempotency keys of principals apart'),
    name: 'principals of a gateway share idempotency keys',
    within: 'idempotencyKeyFor',
    search: 'principal === null',
    replacement: 'true',
  },
  {
    ...seenBy('only who may read every key may read the pages of the state'),
    name: 'every principal reads the pages of the state',
    within: 'mayReadAll',
    search: ' && covers(access.rights(client), WHOLE, PERMISSIONS.read)',
    replacement: '',
  },
]
