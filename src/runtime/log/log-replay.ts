import { finish, unlimitedAllowance } from '../../base/allowance.ts'
import { assert } from '../../base/assert.ts'
import type { DecodeTools } from '../../messages/decode.ts'
import { isRejection } from '../../messages/rejection.ts'
import { replayExecuted, replay as replayRecord } from '../../pbft/recovery/restart.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import type { Application, LogReplay } from '../../ports.ts'
import type { Authenticator } from '../authentication/authentication.ts'
import { executedEvent } from '../execution/executed-event.ts'
import type { CheckpointKeeper } from '../state/checkpoint-keeper.ts'
import type { DecisionArchive } from './decision-archive.ts'
import { indexRecord } from './decision-index.ts'
import { decodeLogRecord } from './log-records.ts'

/**
 * Replays the log: brings the replica and the application to the state at its end. Sends nothing.
 * @rule 6.2
 */
export function replayLog(context: {
  readonly replay: LogReplay
  readonly state: ReplicaState
  readonly application: Application
  readonly archive: DecisionArchive
  readonly keeper: CheckpointKeeper
  readonly tools: DecodeTools
  readonly authenticator: Authenticator
}): void {
  const {
    replay: { beginning, records },
    state,
    application,
    archive,
    keeper,
    tools,
    authenticator,
  } = context
  for (const { position, record } of records) {
    const recovered = decodeLogRecord(record, tools, authenticator)
    assert(!isRejection(recovered), 'the log passed its checks and holds a record of an unknown form')
    indexRecord(archive, recovered, position)
    keeper.noteLogged(record.length)
    const effects = [...replayRecord(state, recovered)]
    for (let effect = effects.shift(); effect !== undefined; effect = effects.shift()) {
      if (effect.kind === 'execute') {
        const { sequence, batch } = effect
        const outcomes = finish(application.begin(sequence, batch, unlimitedAllowance()))
        effects.push(
          ...replayExecuted(state, executedEvent(sequence, batch, outcomes, application.nextExpiry)),
        )
      } else {
        assert(effect.kind === 'snapshot', 'a replay executes and freezes, and does nothing else')
        keeper.take(effect.sequence)
      }
    }
  }
  // A trimmed log requires a stored state, which names the checkpoint. Without one it is unknown which records are
  // missing. @rule 6.4
  if (beginning === 'cut' && state.checkpoints.stable.sequence === 0) state.recovery.health = 'amnesiac'
  keeper.stable(state.checkpoints.stable)
}
