/**
 * The data model as a table of cases, for every `DataModel` that there is: the model, a real etcd, this project's store by
 * itself, in the simulator and over HTTP. Each has the number of its rule in README.md.
 */
import type { Case } from './case-language.ts'
import { KEY_CASES } from './key-cases.ts'
import { LEASE_CASES } from './lease-cases.ts'
import { emptied, RelativeModel } from './relative-model.ts'
import type { Answer, DataModel } from './requests.ts'
import { TXN_CASES } from './txn-cases.ts'

export const CASES: readonly Case[] = [...KEY_CASES, ...TXN_CASES, ...LEASE_CASES]

export interface StepAnswered {
  readonly expected: Answer
  readonly answered: Answer
}

/** Plays a case on a model that is new, or on one that is used and is emptied first; gives all answers beside those expected. */
export async function playCase(
  { steps, isForNewStores }: Case,
  model: DataModel,
): Promise<readonly StepAnswered[]> {
  const relative = isForNewStores ? new RelativeModel(model) : await emptied(model)
  const answered: StepAnswered[] = []
  for (const { request, answer } of steps) {
    answered.push({ expected: answer, answered: withWholeLife(await relative.apply(request), answer) })
  }
  return answered
}

/** A little of a lease is gone already where real time passes: an answer with nearly the life expected is that answer. */
function withWholeLife(answered: Answer, expected: Answer): Answer {
  if (answered.kind !== 'leaseTimeToLive' || expected.kind !== 'leaseTimeToLive') return answered
  const isRunning = answered.ttl > 0 && expected.ttl > 0 && answered.ttl <= expected.ttl
  return isRunning ? { ...answered, ttl: expected.ttl } : answered
}
