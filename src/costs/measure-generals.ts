/**
 * The costs of the classical algorithms: each runs once with counting keys, and then again and again for the time.
 */
import { faultsMax } from '../base/quorum.ts'
import { benOr, readExchange } from '../classics/agreement/ben-or.ts'
import { dolevStrong } from '../classics/agreement/dolev-strong.ts'
import { earlyStopping } from '../classics/agreement/early-stopping.ts'
import { floodSet } from '../classics/agreement/flood-set.ts'
import { informationGathering } from '../classics/agreement/information-gathering.ts'
import { oralMessages } from '../classics/agreement/oral-messages.ts'
import { paxos } from '../classics/agreement/paxos.ts'
import { phaseKing } from '../classics/agreement/phase-king.ts'
import { raftRound } from '../classics/agreement/raft.ts'
import { reliableBroadcast } from '../classics/agreement/reliable-broadcast.ts'
import { encodeChain, type Seals, signOn, unsigned } from '../classics/agreement/signature-chain.ts'
import { signedMessages } from '../classics/agreement/signed-messages.ts'
import { atomicCommit } from '../classics/commit/atomic-commit.ts'
import type { Algorithm } from '../classics/process.ts'
import type { CryptoSuite } from '../ports.ts'
import type { AgreementRun, SentMessage } from '../simulator/classics/run.ts'
import { runMessages } from '../simulator/classics/run-messages.ts'
import { type Behaviour, runRounds } from '../simulator/classics/run-rounds.ts'
import { createSeals } from '../simulator/classics/seals.ts'
import { CryptoCounts, countingSuite, UNKNOWN_KIND } from './counting-suite.ts'
import type { CostTrace, Measured, Stopwatch } from './counts.ts'

/** Runs are repeated until they have taken so much of the processor's time together. */
const TIMED_MICROSECONDS = 20_000

interface Place {
  readonly n: number
  readonly f: number
  readonly seals: readonly Seals[]
}

interface Case {
  readonly protocol: string
  readonly convention: string
  run(place: Place): AgreementRun
  /** Which messages the row is about; all of them where nothing is said. */
  isOf?(message: SentMessage): boolean
}

const inRounds = <State>(algorithm: Algorithm<State>): AgreementRun =>
  runRounds({ algorithm, values: Array.from({ length: algorithm.n }, () => 1) })

/** In the order of sending: each message takes as long as every other one. */
const inTurn = <State>(algorithm: Algorithm<State>): AgreementRun =>
  runMessages({ algorithm, values: Array.from({ length: algorithm.n }, () => 1) })

/** The sender signs two values, and sends one half this and the other half that. */
const twoValuesSigned = (sender: Seals): Behaviour => ({
  listens: false,
  write: ({ round, to }) => (round === 1 ? [encodeChain(signOn(unsigned(to % 2), 0, sender))] : []),
})

/** In the order of PROTOCOL.md section 8. */
const CASES: readonly Case[] = [
  {
    protocol: 'OM(m), a message per path',
    convention: 'm = f, all loyal',
    run: ({ n, f }) => inRounds(oralMessages({ n, traitors: f })),
  },
  {
    protocol: 'OM(m), a packet per link and round',
    convention: 'm = f, all loyal',
    run: ({ n, f }) => inRounds(oralMessages({ n, traitors: f, messages: 'link' })),
  },
  {
    protocol: 'SM(m)',
    convention: 'm = f, all loyal',
    run: ({ n, f, seals }) => inRounds(signedMessages({ n, traitors: f, seals })),
  },
  {
    protocol: 'Dolev–Strong, correct sender',
    convention: 'all correct',
    run: ({ n, f, seals }) => inRounds(dolevStrong({ n, faults: f, seals })),
  },
  {
    protocol: 'Dolev–Strong, any sender',
    convention: 'the sender signs two values, and sends each to one half; a bound',
    run: ({ n, f, seals }) =>
      runRounds({
        algorithm: dolevStrong({ n, faults: f, seals }),
        values: Array.from({ length: n }, () => 1),
        treason: { traitors: [0], behaviour: twoValuesSigned(seals[0] as Seals), choose: () => 0 },
      }),
  },
  {
    protocol: 'exponential information gathering',
    convention: 'all correct; a packet for each link and round',
    run: ({ n, f }) => inRounds(informationGathering({ n, faults: f })),
  },
  {
    protocol: 'phase king',
    convention: 'all correct and of one mind from the beginning',
    run: ({ n, f }) => inRounds(phaseKing({ n, faults: f })),
  },
  {
    protocol: 'FloodSet',
    convention: 'nobody crashes',
    run: ({ n, f }) => inRounds(floodSet({ n, faults: f })),
  },
  {
    protocol: 'early stopping',
    convention: 't = f, nobody crashes',
    run: ({ n, f }) => inRounds(earlyStopping({ n, faults: f })),
  },
  {
    protocol: 'Bracha reliable broadcast',
    convention: 'all correct, messages in the order of sending',
    run: ({ n, f }) => inTurn(reliableBroadcast({ n, faults: f })),
  },
  {
    protocol: 'Ben-Or, per phase',
    convention: 'crash form; the messages of phase 1, all correct and of one mind',
    run: ({ n, f }) => inTurn(benOr({ n, faults: f, model: 'crash', coin: () => 0 })),
    isOf: ({ payload }) => readExchange(payload)?.phase === 1,
  },
  {
    protocol: '2PC',
    convention: 'n with the coordinator, all vote yes',
    run: ({ n }) => inTurn(atomicCommit({ n, phases: 2, isAcknowledged: false })),
  },
  {
    protocol: '2PC, with acknowledgements',
    convention: 'n with the coordinator, all vote yes',
    run: ({ n }) => inTurn(atomicCommit({ n, phases: 2, isAcknowledged: true })),
  },
  {
    protocol: '3PC',
    convention: 'n with the coordinator, all vote yes',
    run: ({ n }) => inTurn(atomicCommit({ n, phases: 3, isAcknowledged: false })),
  },
  {
    protocol: '3PC, with the final acknowledgement',
    convention: 'n with the coordinator, all vote yes',
    run: ({ n }) => inTurn(atomicCommit({ n, phases: 3, isAcknowledged: true })),
  },
  {
    protocol: 'Paxos',
    convention: 'one proposer, with learning',
    run: ({ n }) => inTurn(paxos({ n })),
  },
  {
    protocol: 'Paxos, stable leader',
    convention: 'with learning',
    run: ({ n }) => inTurn(paxos({ n, hasStableLeader: true })),
  },
  {
    protocol: 'Raft, election',
    convention: 'one candidate; without the first heartbeat',
    run: ({ n }) => inTurn(raftRound({ n, what: 'election' })),
  },
  {
    protocol: 'Raft, replication',
    convention: 'one entry; the others learn with the next one',
    run: ({ n }) => inTurn(raftRound({ n, what: 'replication' })),
  },
]

export function measureGenerals(setting: {
  readonly n: number
  readonly suite: CryptoSuite
  /** Null where nobody asks for the time. */
  readonly stopwatch: Stopwatch | null
}): readonly Measured[] {
  const { n, suite, stopwatch } = setting
  const f = faultsMax(n)
  const crypto = new CryptoCounts()
  const counting = { n, f, seals: createSeals(countingSuite(suite, crypto), n) }
  const plain = { n, f, seals: createSeals(suite, n) }
  return CASES.map(({ protocol, convention, run, isOf = () => true }) => {
    crypto.reset()
    const { messages, rounds } = run(counting)
    const counted = messages.filter(isOf)
    const isWhole = counted.length === messages.length
    const last = Math.max(...counted.map(({ round }) => round))
    return {
      protocol,
      n,
      f,
      convention,
      counts: {
        messages: counted.length,
        bytes: counted.reduce((sum, { payload }) => sum + payload.length, 0),
        signaturesMade: crypto.made.get(UNKNOWN_KIND) ?? 0,
        signaturesChecked: crypto.checked.get(UNKNOWN_KIND) ?? 0,
        macsMade: crypto.macs,
        macsChecked: 0,
        tagsMade: 0,
        tagsChecked: 0,
        hashes: crypto.hashes,
        // The last decision, or what is still said after it: an acknowledgement.
        rounds: isWhole ? Math.max(rounds, last) : last,
        cpuMicroseconds: isWhole && stopwatch !== null ? cpuOf(() => run(plain), stopwatch) : null,
      },
    }
  })
}

/** One decision of each algorithm, as a trace. */
export function traceGenerals(n: number, suite: CryptoSuite): readonly CostTrace[] {
  const place = { n, f: faultsMax(n), seals: createSeals(suite, n) }
  return CASES.map(({ protocol, run, isOf = () => true }) => {
    const { messages, decisions } = run(place)
    return {
      protocol,
      lanes: decisions.map((_, id) => `process ${id}`),
      arrows: messages.filter(isOf).map(({ from, to, sentAt, receivedAt, round }) => ({
        from,
        to,
        sentAt,
        receivedAt,
        phase: round - 1,
        says: `round ${round}`,
      })),
      decisions: decisions.flatMap((decided, lane) =>
        decided === null ? [] : [{ lane, at: decided.at, says: `decides ${decided.value}` }],
      ),
    }
  })
}

/** The mean of as many runs as it takes to measure it. */
function cpuOf(run: () => void, stopwatch: Stopwatch): number {
  const start = stopwatch()
  for (let runs = 1; ; runs++) {
    run()
    const taken = stopwatch() - start
    if (taken >= TIMED_MICROSECONDS) return taken / runs
  }
}
