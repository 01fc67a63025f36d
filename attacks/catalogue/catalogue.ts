import type { Attack } from '../language/attack.ts'
import { amnesia } from './backup/amnesia.ts'
import { conflictingVote } from './backup/conflicting-vote.ts'
import { doubleVote } from './backup/double-vote.ts'
import { earlyCommit } from './backup/early-commit.ts'
import { falseDecisions } from './backup/false-decisions.ts'
import { impersonate } from './backup/impersonate.ts'
import { lyingReply } from './backup/lying-reply.ts'
import { mute } from './backup/mute.ts'
import { muteByTurns } from './backup/mute-by-turns.ts'
import { replayOwn } from './backup/replay-own.ts'
import { selectiveVote } from './backup/selective-vote.ts'
import { withholdCommit } from './backup/withhold-commit.ts'
import { wrongVote } from './backup/wrong-vote.ts'
import { corruptCheckpoint } from './checkpoint/corrupt-checkpoint.ts'
import { falseRoots } from './checkpoint/false-roots.ts'
import { farCheckpoint } from './checkpoint/far-checkpoint.ts'
import { fetchFlood } from './checkpoint/fetch-flood.ts'
import { inventedCheckpoints } from './checkpoint/invented-checkpoints.ts'
import { oldCopy } from './checkpoint/old-copy.ts'
import { oldDisk } from './checkpoint/old-disk.ts'
import { poisonedPage } from './checkpoint/poisoned-page.ts'
import { slowSource } from './checkpoint/slow-source.ts'
import { withholdCheckpoint } from './checkpoint/withhold-checkpoint.ts'
import { equivocatingClient } from './client/equivocating-client.ts'
import { fullQuota } from './client/full-quota.ts'
import { hostilePayload } from './client/hostile-payload.ts'
import { manySessions } from './client/many-sessions.ts'
import { partialMac } from './client/partial-mac.ts'
import { replayClient } from './client/replay-client.ts'
import { stranger } from './client/stranger.ts'
import { conspiracy } from './collusion/conspiracy.ts'
import { staleReads } from './collusion/stale-reads.ts'
import { twins } from './collusion/twins.ts'
import { falseMajority } from './control/false-majority.ts'
import { majorityMute } from './control/majority-mute.ts'
import { twoWorlds } from './control/two-worlds.ts'
import { wrongQuorum } from './control/wrong-quorum.ts'
import { nonCanonicalSignatures } from './crypto/non-canonical-signatures.ts'
import { phaseConfusion } from './crypto/phase-confusion.ts'
import { twoEncodings } from './crypto/two-encodings.ts'
import { badSignatureFlood } from './flood/bad-signature-flood.ts'
import { floodBackup } from './flood/flood-backup.ts'
import { floodPrimary } from './flood/flood-primary.ts'
import { clog } from './network/clog.ts'
import { crossClusterReplay } from './network/cross-cluster-replay.ts'
import { followThePrimary } from './network/follow-the-primary.ts'
import { frameVictim } from './network/frame-victim.ts'
import { lossyNetwork } from './network/lossy-network.ts'
import { partition } from './network/partition.ts'
import { pause } from './network/pause.ts'
import { reflection } from './network/reflection.ts'
import { silentLoss } from './network/silent-loss.ts'
import { forgottenViewChange } from './over-time/forgotten-view-change.ts'
import { movingFaults } from './over-time/moving.ts'
import { smallScope } from './over-time/small-scope.ts'
import { soakOf } from './over-time/soak.ts'
import { adaptiveSlow } from './primary/adaptive-slow.ts'
import { burnSequence } from './primary/burn-sequence.ts'
import { doubleProposal } from './primary/double-proposal.ts'
import { equivocate } from './primary/equivocate.ts'
import { hiddenProposal } from './primary/hidden-proposal.ts'
import { keepInDark } from './primary/keep-in-dark.ts'
import { earlyLease, freezeLeases } from './primary/lease-time.ts'
import { oversizedBatch } from './primary/oversized-batch.ts'
import { partialProposals } from './primary/partial-proposals.ts'
import { repropose } from './primary/repropose.ts'
import { sequenceShift } from './primary/sequence-shift.ts'
import { silentPrimary } from './primary/silent-primary.ts'
import { slowPrimary } from './primary/slow-primary.ts'
import { stallingPrimary } from './primary/stalling-primary.ts'
import { starveClient } from './primary/starve-client.ts'
import { tamperRequest } from './primary/tamper-request.ts'
import { timeWarp } from './primary/time-warp.ts'
import { viewShift } from './primary/view-shift.ts'
import { withheldBatches } from './primary/withheld-batches.ts'
import { writesInTheDark } from './primary/writes-in-the-dark.ts'
import { inventEvent, inventedEvents, withheldEvents, withholdEvent } from './store/false-events.ts'
import { falseHistory, lyingHistory } from './store/lying-history.ts'
import { concealPrepared } from './view-change/conceal-prepared.ts'
import { crashMidViewChange } from './view-change/crash-mid-view-change.ts'
import { deafReplica } from './view-change/deaf-replica.ts'
import { falseAcknowledgements } from './view-change/false-acknowledgements.ts'
import { falsePrePrepareClaims, falsePreparedClaims } from './view-change/false-claims.ts'
import { falseChoices, unfetchableNewView } from './view-change/false-new-view.ts'
import { forgedProofs } from './view-change/forged-proofs.ts'
import { inflateTimeout } from './view-change/inflate-timeout.ts'
import { lossyNewView } from './view-change/lossy-new-view.ts'
import { silentSuccessors } from './view-change/silent-successors.ts'
import { viewChangeSpam } from './view-change/view-change-spam.ts'

const PRIMARY = [
  silentPrimary,
  equivocate,
  sequenceShift,
  viewShift,
  tamperRequest,
  burnSequence,
  slowPrimary,
  adaptiveSlow,
  starveClient,
  keepInDark,
  repropose,
  oversizedBatch,
  timeWarp,
  freezeLeases,
  earlyLease,
  doubleProposal,
  stallingPrimary,
  partialProposals,
  withheldBatches,
  writesInTheDark,
  hiddenProposal,
]

const BACKUP = [
  mute,
  muteByTurns,
  wrongVote,
  doubleVote,
  conflictingVote,
  withholdCommit,
  replayOwn,
  impersonate,
  earlyCommit,
  lyingReply,
  amnesia,
  selectiveVote,
  falseDecisions,
]

const VIEW_CHANGE = [
  forgedProofs,
  lossyNewView,
  viewChangeSpam,
  deafReplica,
  silentSuccessors,
  inflateTimeout,
  crashMidViewChange,
  concealPrepared,
  falsePreparedClaims,
  falsePrePrepareClaims,
  falseAcknowledgements,
  unfetchableNewView,
  falseChoices,
]

const CHECKPOINT = [
  corruptCheckpoint,
  falseRoots,
  inventedCheckpoints,
  withholdCheckpoint,
  farCheckpoint,
  poisonedPage,
  slowSource,
  fetchFlood,
  oldDisk,
  oldCopy,
]

const FLOODS = [floodBackup, floodPrimary, badSignatureFlood]
const CLIENT = [
  partialMac,
  equivocatingClient,
  replayClient,
  stranger,
  manySessions,
  hostilePayload,
  fullQuota,
]
const NETWORK = [
  lossyNetwork,
  clog,
  partition,
  silentLoss,
  followThePrimary,
  frameVictim,
  reflection,
  pause,
  crossClusterReplay,
]
const CRYPTO = [nonCanonicalSignatures, phaseConfusion, twoEncodings]
const COLLUSION = [twins, conspiracy, staleReads]
const STORE = [lyingHistory, withholdEvent, inventEvent]
const CONTROLS = [
  twoWorlds,
  falseMajority,
  majorityMute,
  wrongQuorum,
  falseHistory,
  withheldEvents,
  inventedEvents,
]
const OVER_TIME = [smallScope, movingFaults, forgottenViewChange]

const ALL: readonly Attack[] = [
  ...PRIMARY,
  ...BACKUP,
  ...VIEW_CHANGE,
  ...CHECKPOINT,
  ...CLIENT,
  ...NETWORK,
  ...FLOODS,
  ...CRYPTO,
  ...STORE,
  ...COLLUSION,
  ...CONTROLS,
  ...OVER_TIME,
]

/** Every attack that can be launched, by name, in the order of what they are aimed at. */
export const CATALOGUE: ReadonlyMap<string, Attack> = new Map(
  [...ALL, soakOf(ALL)].map((each) => [each.name, each]),
)
