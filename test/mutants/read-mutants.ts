/** Mistakes against rule 5.1: reads without ordering. */
import { type Mutant, UNSEEN } from './mutant.ts'

export const READ_MUTANTS: readonly Mutant[] = [
  {
    name: 'a read ends with W equal answers',
    rule: '5.1',
    within: 'onReadAnswer',
    search: 'equal.length >= quorum(config.n)',
    replacement: 'equal.length >= (quorum(config.n) + 1) / 2',
    attack: 'stale-reads',
  },
  {
    name: 'a write ends with W replies while reads are not ordered',
    rule: '5.1',
    within: 'neededFor',
    search: '? quorum(config.n)',
    replacement: '? weakQuorum(config.n)',
    attack: 'stale-reads',
  },
  {
    name: 'a replica that restarted answers reads at once',
    rule: '5.1',
    within: 'readTreatmentOf',
    search: 'ordering.lastExecuted < reads.floor',
    replacement: 'false',
  },
  {
    name: 'a replica replies before the batch is on disk',
    rule: '5.1',
    within: 'replyOnceShowable',
    search: 'if (isShowable(state))',
    replacement: 'if (true)',
  },
  {
    name: 'a replica answers reads from what a crash may take',
    rule: '5.1',
    within: 'readTreatmentOf',
    search: '|| !isShowable(state)',
    replacement: '',
  },
  {
    name: 'equal results of two revisions are equal answers',
    rule: '5.1',
    within: 'isEqual',
    search: 'a.revision === b.revision && ',
    replacement: '',
    paper: {
      file: 'paper/5.1-reads.test.ts',
      test: 'equal results of two revisions are not equal answers',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'refusals do not end a request whose results are agreed on and gone',
    rule: '1.12',
    within: 'answerWithLastVoucher',
    search: '|| wholeResults(pending, answer.resultDigest) === null',
    replacement: '',
    paper: {
      file: 'paper/client.test.ts',
      test: 'W that no longer keep results end the request, though all agreed on them and none sent them',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a replica that no longer keeps the results does not count',
    rule: '5.1',
    within: 'goneOf',
    search: "reason === 'results-gone'",
    replacement: 'false',
    paper: {
      file: 'paper/5.1-reads.test.ts',
      test: 'a replica that no longer keeps the results has executed the write',
      why: UNSEEN.notRun,
    },
  },
]
