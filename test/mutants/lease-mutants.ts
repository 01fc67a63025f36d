/** Mistakes against what the store promises of leases: when they end, and what ends with them. */
import { type Mutant, UNSEEN } from './mutant.ts'

const LEASES = 'store/leases.test.ts'

export const LEASE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a lease lasts beyond its last moment',
    rule: '1.9',
    within: 'Leases.advance',
    search: 'due.endsAt > time',
    replacement: 'due.endsAt >= time',
    paper: { file: LEASES, test: 'at its moment and not before', why: UNSEEN.notRun },
  },
  {
    name: 'a lease that is due counts until its turn comes',
    rule: '1.9',
    within: 'Leases.find',
    search: 'lease.endsAt <= this.#time',
    replacement: 'false',
    paper: { file: LEASES, test: 'none of them counts any longer', why: UNSEEN.notRun },
  },
  {
    name: 'a keep-alive leaves the old moment standing',
    rule: '1.9',
    within: 'Leases.keepAlive',
    search: 'this.#store.tree.remove(expiryKey(lease.endsAt, id));',
    replacement: '',
    paper: { file: LEASES, test: 'neither an earlier time nor a null batch', why: UNSEEN.notRun },
  },
  {
    name: 'a put without a lease leaves the key attached',
    rule: '1.9',
    within: 'KeyValueStore.#attach',
    search: 'if (held !== null)\n            this.leaseKeys.detach',
    replacement: 'if (held !== null && lease !== null)\n            this.leaseKeys.detach',
    paper: { file: LEASES, test: 'are those whose newest put named it', why: UNSEEN.notRun },
  },
  {
    name: 'the store forgets at a restart which ids it chose',
    rule: '1.9',
    within: 'Leases.restore',
    search: 'this.#chosenCount = chosenCount;',
    replacement: 'this.#chosenCount = 0;',
    paper: { file: LEASES, test: 'never the same twice', why: UNSEEN.notRun },
  },
]
