/** The facts about the gateway's own session with the replicas. */
import type { StoreClient } from '../library/store-client.ts'

const KEY_SHARED =
  'Another process uses the client key of this gateway: stop one of the two, or give it a different key.'
const UNPLACED = 'Too few replicas have reported the last request number of this gateway.'

/** The reason why requests are not sent, as a sentence; null while they are. */
export function whyNotSending({ connection }: StoreClient): string | null {
  const { obstacle, reservationFailure } = connection.runtime
  switch (obstacle) {
    case 'key-shared':
      return KEY_SHARED
    case 'unplaced':
      return UNPLACED
    case 'no-timestamps':
      return `No more request numbers can be reserved: ${reservationFailure ?? 'the disk refused the write'}.`
    case null:
      return null
  }
}

/** The members of `gateway` in `/v1/status`. */
export function sessionFacts(client: StoreClient) {
  const { state, reservationFailure } = client.connection.runtime
  return {
    isKeyShared: client.connection.runtime.obstacle === 'key-shared',
    counterLeaps: state.leaps,
    numbersLeft: Math.max(0, state.reservedUpTo + 1 - state.nextTimestamp),
    reservationFailure,
  }
}
