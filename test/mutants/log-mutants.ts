/** Mistakes against rule 6.3, and against how a log begins (6.4): what is on the disk has to prove itself. */
import { type Mutant, UNSEEN } from './mutant.ts'

const LOCKS = 'io/directory-lock.test.ts'
const DAMAGE = 'io/file-log-damage.test.ts'
const AS_MARKED = 'record.counter === this.#marker.counter && !equalBytes(chain, this.#marker.chain)'

export const LOG_MUTANTS: readonly Mutant[] = [
  {
    name: 'a process asks the kernel again for a lock that it has, and so loses it',
    rule: '6.3',
    within: 'takeDirectoryLock',
    search: 'noteClosed = noteOpened(path);',
    replacement: 'noteClosed = () => { };',
    paper: {
      file: LOCKS,
      test: 'is refused a second time under any name, and keeps the lock',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a lock that another process has is made anew like a damaged one',
    rule: '6.3',
    within: 'openOrRenew',
    search: 'if (isLocked(error) || refusalOf(error) !== null)',
    replacement: 'if (refusalOf(error) !== null)',
    paper: { file: LOCKS, test: 'a refusal touches nothing of the holder', why: UNSEEN.notRun },
  },
  {
    name: 'a log is opened without the lock around it',
    rule: '6.3',
    within: 'openFileLog',
    search: 'options.lock.assertCovers(directory);',
    replacement: '',
    paper: {
      file: 'io/file-log.test.ts',
      test: 'is opened by the holder of the lock around it only',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'the checksum of a record is not looked at',
    rule: '6.3',
    within: 'decodeRecord',
    search: 'if (readU32(bytes, at + 4) !== recordChecksum(bytes.subarray(at, start), content, seed))',
    replacement: 'if (false)',
    paper: {
      file: DAMAGE,
      test: 'one flipped bit in any byte of synced records is detected and named',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a record does not have to continue the chain',
    rule: '6.3',
    within: 'Scan.#readRecords',
    search: 'record.counter === this.#expected && equalBytes(record.chain, chain)',
    replacement: 'record.counter === this.#expected',
    paper: {
      file: DAMAGE,
      test: 'a record with a good checksum that does not continue the chain',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a record may stand anywhere: nobody looks at its counter and its chain',
    rule: '6.3',
    within: 'Scan.#readRecords',
    search: 'record.counter === this.#expected && equalBytes(record.chain, chain)',
    replacement: 'true',
    also: [{ within: 'Scan.#readRecords', search: AS_MARKED, replacement: 'false' }],
    paper: {
      file: DAMAGE,
      test: 'records of another log, or of this one at another place, are not taken',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'lost synced data passes for a torn tail',
    rule: '6.3',
    within: 'Scan.run',
    search: 'if (this.#expected <= this.#marker.counter) {',
    replacement: 'if (false) {',
    paper: { file: DAMAGE, test: 'the log cut off at any byte below the marker', why: UNSEEN.notRun },
  },
  {
    name: 'a log that was written anew up to the marker is taken',
    rule: '6.3',
    within: 'Scan.#readRecords',
    search: AS_MARKED,
    replacement: 'false',
    paper: {
      file: DAMAGE,
      test: 'a log that was rewritten up to the marker is not the one that was synced',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a page is not checked by its hash when it is read',
    rule: '6.3',
    within: 'LevelPages.read',
    search: "if (equalBytes(createHash('sha256').update(bytes).digest(), hash))",
    replacement: 'if (true)',
    paper: {
      file: 'io/page-store.test.ts',
      test: 'a page with other bytes is null, named once',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a log that is begun anew after a loss passes for the one of a first start',
    rule: '6.4',
    within: 'restartFileLogAfterLoss',
    search: "first: 'amnesia'",
    replacement: "first: 'birth'",
    paper: {
      file: 'io/file-log-restart.test.ts',
      test: 'holds nothing and says amnesia',
      why: UNSEEN.notRun,
    },
  },
]
