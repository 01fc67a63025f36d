/** Mistakes against rule 5.5: each takes one defence out. The attack that shows it gone stands beside it. */
import { type Mutant, UNSEEN } from './mutant.ts'

const ISOLATION = 'paper/5.5-isolation.test.ts'

export const ISOLATION_MUTANTS: readonly Mutant[] = [
  {
    // attacks: flood-backup, flood-primary, bad-signature-flood
    name: 'nobody is ever cut off',
    rule: '5.5',
    within: 'SenderBudgets.#spend',
    search: 'if (wasted.level > allowance.atOnce)',
    replacement: 'if (wasted.level > Infinity)',
    paper: { file: ISOLATION, test: 'a peer that wastes more is cut off for a while', why: UNSEEN.cost },
  },
  {
    // attack: bad-signature-flood
    name: 'what fails its checks costs its sender no more than what is of no use',
    rule: '5.5',
    within: 'SenderBudgets.offended',
    search: 'OFFENCE_CHECKS * Math.max(1, checks)',
    replacement: 'checks / 8',
    paper: { file: ISOLATION, test: 'a message that fails its checks weighs more', why: UNSEEN.cost },
  },
  {
    // attacks: flood-backup, flood-primary
    name: 'good messages without end are taken without end',
    rule: '5.5',
    within: 'Reception.#take',
    search: 'if (unasked > 0)',
    replacement: 'if (unasked > Infinity)',
    paper: {
      file: ISOLATION,
      test: 'cuts off only a peer that sends good messages without end',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'who was cut off never comes back',
    rule: '5.5',
    within: 'SenderBudgets.tick',
    search: 'if (this.#ticks < account.cutOffUntil)',
    replacement: 'if (account.times > 0)',
    paper: { file: ISOLATION, test: 'longer each time, and readmitted', why: UNSEEN.cost },
  },
  {
    // attacks: flood-backup, flood-primary
    name: 'turns are given by the number of frames, whatever they cost',
    rule: '5.5',
    within: 'Inbox.take',
    search: 'queue.cost += checks;',
    replacement: 'queue.cost += 1;',
    paper: { file: ISOLATION, test: 'a peer whose frames cost much has fewer turns', why: UNSEEN.cost },
  },
  {
    name: 'STATUS and view changes have no queue of their own',
    rule: '5.5',
    within: 'laneOf',
    search: "? 'reserve' : 'replicas'",
    replacement: "? 'replicas' : 'replicas'",
    paper: { file: ISOLATION, test: 'STATUS and view changes do not wait behind', why: UNSEEN.cost },
  },
  {
    name: 'each client has as many turns as a replica',
    rule: '5.5',
    within: 'laneOf',
    search: "return 'clients'",
    replacement: "return 'replicas'",
    paper: { file: ISOLATION, test: 'many clients have a part of the work together', why: UNSEEN.cost },
  },
  {
    name: 'a batch of a thousand requests is checked in one go',
    rule: '5.5',
    within: 'BATCH_PART',
    search: 'const BATCH_PART = 1 / 8;',
    replacement: 'const BATCH_PART = 1 << 20;',
    paper: { file: ISOLATION, test: 'others have their turns while a batch', why: UNSEEN.cost },
  },
  {
    name: 'what was begun is forgotten when its turn is over',
    rule: '5.5',
    within: 'Inbox.#keep',
    search: 'queue.rest = rest;',
    replacement: 'queue.rest = null;',
    paper: { file: ISOLATION, test: 'the rest of a turn comes before', why: UNSEEN.cost },
  },
  {
    // attack: replay-client
    name: 'a client that repeats a request is answered without end',
    rule: '5.5',
    within: 'Reception.#receiveRequest',
    search: "(use === 'answer' && !this.budgets.mayAnswer(from))",
    replacement: 'false',
    paper: { file: ISOLATION, test: 'gets a bounded number of replies', why: UNSEEN.cost },
  },
  {
    // attack: replay-client
    name: 'a reply that is sent again is signed again',
    rule: '5.5',
    within: 'ClientAnswers.replyAgain',
    search: 'kept !== undefined && equalBytes(kept.requestDigest, requestDigest)',
    replacement: 'false',
    paper: { file: ISOLATION, test: 'and the same bytes', why: UNSEEN.cost },
  },
  {
    // attack: replay-client
    name: 'a client that floods fills the batches',
    rule: '5.5',
    within: 'WaitingRequests.takeForBatch',
    search: 'if (isContested &&',
    replacement: 'if (false &&',
    paper: { file: ISOLATION, test: 'has few more places than all others together', why: UNSEEN.cost },
  },
  {
    name: 'a batch is executed in one go, whatever it asks for',
    rule: '5.5',
    within: 'Executor.onTurn',
    search: 'this.#allowance.left = this.#perTurn;',
    replacement: 'this.#allowance.left = Infinity;',
    paper: {
      file: 'paper/5.5-execution.test.ts',
      test: 'others have their turns while a batch is executed',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'a list goes through its range in one go',
    rule: '5.5',
    within: 'measurePage',
    search: 'allowance.left -= ITEM_WORK;',
    replacement: '',
    paper: {
      file: 'store/slices.test.ts',
      test: 'stops before each operation and each item of a list',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'what others are told of a client is from the middle of a batch',
    rule: '1.8',
    within: 'TreeStore.standing',
    search: 'this.#sessions.publishedStanding(',
    replacement: 'this.#sessions.standing(',
    paper: { file: 'store/slices.test.ts', test: 'is not visible before it ends', why: UNSEEN.rare },
  },
  {
    name: 'a state is put together from one that a batch is changing',
    rule: '2.5',
    within: 'ReplicaRuntime.#perform',
    search: 'this.#executor.betweenBatches(() => this.#states.transfer.aim(effect.stable))',
    replacement: 'this.#states.transfer.aim(effect.stable)',
  },
  {
    name: 'a batch goes on when another state has taken the place of its own',
    rule: '2.5',
    within: 'ReplicaRuntime.#switchTo',
    search: 'this.#executor.abandon();',
    replacement: '',
  },
  {
    name: 'the primary is suspected for what a request costs',
    rule: '1.9',
    within: 'step',
    search: 'if (isBusyExecuting(state)) {',
    replacement: 'if (isBusyExecuting(state) && false) {',
    paper: {
      file: 'paper/1.9-timer.test.ts',
      test: 'what one batch takes to be executed is not held against the primary',
      why: UNSEEN.cost,
    },
  },
]
