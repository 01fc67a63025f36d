import type { Attack } from '../language/attack.ts'
import { amnesia } from './backup/amnesia.ts'
import { doubleVote } from './backup/double-vote.ts'
import { earlyCommit } from './backup/early-commit.ts'
import { impersonate } from './backup/impersonate.ts'
import { lyingReply } from './backup/lying-reply.ts'
import { mute } from './backup/mute.ts'
import { selectiveVote } from './backup/selective-vote.ts'
import { corruptCheckpoint } from './checkpoint/corrupt-checkpoint.ts'
import { farCheckpoint } from './checkpoint/far-checkpoint.ts'
import { fetchFlood } from './checkpoint/fetch-flood.ts'
import { oldCopy } from './checkpoint/old-copy.ts'
import { oldDisk } from './checkpoint/old-disk.ts'
import { poisonedPage } from './checkpoint/poisoned-page.ts'
import { slowSource } from './checkpoint/slow-source.ts'
import { withholdCheckpoint } from './checkpoint/withhold-checkpoint.ts'
import { fullQuota } from './client/full-quota.ts'
import { hostilePayload } from './client/hostile-payload.ts'
import { manySessions } from './client/many-sessions.ts'
import { partialMac } from './client/partial-mac.ts'
import { replayClient } from './client/replay-client.ts'
import { stranger } from './client/stranger.ts'
import { twoFacedClient } from './client/two-faced-client.ts'
import { conspiracy } from './collusion/conspiracy.ts'
import { twins } from './collusion/twins.ts'
import { falseMajority } from './control/false-majority.ts'
import { majorityMute } from './control/majority-mute.ts'
import { twoWorlds } from './control/two-worlds.ts'
import { wrongQuorum } from './control/wrong-quorum.ts'
import { oddSignatures } from './crypto/odd-signatures.ts'
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
import { forgottenViewChange } from './over-time/forgotten-view-change.ts'
import { movingFaults } from './over-time/moving.ts'
import { smallScope } from './over-time/small-scope.ts'
import { soakOf } from './over-time/soak.ts'
import { adaptiveSlow } from './primary/adaptive-slow.ts'
import { burnSequence } from './primary/burn-sequence.ts'
import { equivocate } from './primary/equivocate.ts'
import { keepInDark } from './primary/keep-in-dark.ts'
import { oversizedBatch } from './primary/oversized-batch.ts'
import { repropose } from './primary/repropose.ts'
import { sequenceShift } from './primary/sequence-shift.ts'
import { silentPrimary } from './primary/silent-primary.ts'
import { slowPrimary } from './primary/slow-primary.ts'
import { starveClient } from './primary/starve-client.ts'
import { tamperRequest } from './primary/tamper-request.ts'
import { timeWarp } from './primary/time-warp.ts'
import { viewShift } from './primary/view-shift.ts'
import { crashMidViewChange } from './view-change/crash-mid-view-change.ts'
import { deafReplica } from './view-change/deaf-replica.ts'
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
]

const BACKUP = [mute, doubleVote, impersonate, earlyCommit, lyingReply, amnesia, selectiveVote]

const VIEW_CHANGE = [
  forgedProofs,
  lossyNewView,
  viewChangeSpam,
  deafReplica,
  silentSuccessors,
  inflateTimeout,
  crashMidViewChange,
]

const CHECKPOINT = [
  corruptCheckpoint,
  withholdCheckpoint,
  farCheckpoint,
  poisonedPage,
  slowSource,
  fetchFlood,
  oldDisk,
  oldCopy,
]

const FLOODS = [floodBackup, floodPrimary, badSignatureFlood]
const CLIENT = [partialMac, twoFacedClient, replayClient, stranger, manySessions, hostilePayload, fullQuota]
const NETWORK = [
  lossyNetwork,
  clog,
  partition,
  followThePrimary,
  frameVictim,
  reflection,
  pause,
  crossClusterReplay,
]
const CRYPTO = [oddSignatures, phaseConfusion, twoEncodings]
const COLLUSION = [twins, conspiracy]
const CONTROLS = [twoWorlds, falseMajority, majorityMute, wrongQuorum]
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
  ...COLLUSION,
  ...CONTROLS,
  ...OVER_TIME,
]

/** Every attack that can be launched, by name, in the order of what they are aimed at. */
export const CATALOGUE: ReadonlyMap<string, Attack> = new Map(
  [...ALL, soakOf(ALL)].map((each) => [each.name, each]),
)
