/** Mistakes against what the store promises of leases: when they end, and what ends with them. */
import { type Mutant, UNSEEN } from './mutant.ts'

const LEASES = 'store/leases.test.ts'
const RESTORED = 'store/restored-state.test.ts'
const CLOCK = 'paper/1.9-clock-batches.test.ts'

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
    within: 'Leases.#isRunning',
    search: 'endsAt > this.#time',
    replacement: 'true',
    paper: { file: LEASES, test: 'none of them counts any longer', why: UNSEEN.notRun },
  },
  {
    name: 'a keep-alive leaves the old moment standing',
    rule: '1.9',
    within: 'Leases.#replace',
    search: 'this.#store.tree.remove(expiryKey(endsAt, id));',
    replacement: '',
    paper: { file: LEASES, test: 'neither an earlier time nor a null batch', why: UNSEEN.notRun },
  },
  {
    name: 'a batch without a time begins the lives of restored leases',
    rule: '1.9',
    within: 'Leases.advance',
    search: 'if (!hasTime)',
    replacement: 'if (false)',
    paper: { file: RESTORED, test: 'begins the life of each lease anew', why: UNSEEN.notRun },
  },
  {
    name: 'a restored state keeps what the old clients executed',
    rule: '1.8',
    within: 'restoredState',
    search: 'removeSection(tree, section);',
    replacement: '',
    paper: { file: RESTORED, test: 'serves the new clients only', why: UNSEEN.notRun },
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
  {
    name: 'an idle primary proposes no time',
    rule: '1.9',
    within: 'proposeDueTime',
    search: 'if (isLeaseDue(turn.state))',
    replacement: 'if (false)',
    paper: {
      file: CLOCK,
      test: 'an idle primary proposes a clock batch when a lease is due',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'clock batches are proposed on top of each other',
    rule: '1.9',
    within: 'nextBatch',
    search: 'isLeaseDue(state) && sequence === state.ordering.lastExecuted + 1',
    replacement: 'isLeaseDue(state)',
    paper: {
      file: CLOCK,
      test: 'an idle primary proposes a clock batch when a lease is due',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'time is proposed before a lease is due',
    rule: '1.9',
    within: 'isLeaseDue',
    search: 'nextExpiry <= clock.now',
    replacement: 'nextExpiry <= clock.now + 50',
    paper: {
      file: CLOCK,
      test: 'an idle primary proposes a clock batch when a lease is due',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'any batch stops the timer for leases',
    rule: '1.9',
    within: 'noteExpiry',
    search: 'nextExpiry !== 0 && isLeaseOverdue(state)',
    replacement: 'false',
    paper: { file: CLOCK, test: 'a primary that freezes time while it orders requests', why: UNSEEN.notRun },
  },
  {
    name: 'leases that end in portions end the view',
    rule: '1.9',
    within: 'noteExpiry',
    search: 'nextExpiry !== 0 && isLeaseOverdue(state)',
    replacement: 'isLeaseOverdue(state)',
    paper: { file: CLOCK, test: 'ends as many leases as it may is progress', why: UNSEEN.notRun },
  },
  {
    name: 'a replica that fetched its state knows no lease',
    rule: '1.9',
    within: 'onTransferred',
    search: 'noteExpiry(state, nextExpiry)',
    replacement: 'noteExpiry(state, null)',
    paper: { file: CLOCK, test: 'a primary that fetched its state', why: UNSEEN.notRun },
  },
]
