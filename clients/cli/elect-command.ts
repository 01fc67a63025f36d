/** The command elect: it campaigns for leadership and leads until it is ended, or prints the leader. */
import { OperatorError } from '../../src/base/operator-error.ts'
import { withGateway } from './gateway-call.ts'
import { aborted, inFirstPlace, type LockFlags, print } from './lock-command.ts'
import { interruptible } from './process-end.ts'
import { firstPlaces } from './queue-place.ts'

export interface ElectFlags extends LockFlags {
  readonly listen?: true
}

export const elect = (name: string, value: string | undefined, flags: ElectFlags): Promise<void> =>
  withGateway(() => {
    if (flags.listen !== true && value !== undefined) return lead(name, value, flags)
    if (flags.listen === true && value === undefined) return listen(name, flags)
    throw new OperatorError(
      'Give either a value, to campaign for leadership with it, or --listen, to print the leader.',
    )
  })

const lead = (name: string, value: string, flags: ElectFlags): Promise<void> =>
  inFirstPlace(name, value, flags, async (place, ended) => {
    print(place, flags)
    await aborted(ended)
  })

async function listen(name: string, flags: ElectFlags): Promise<void> {
  const { signal, stop } = interruptible()
  try {
    for await (const leader of firstPlaces(name, flags, signal)) {
      if (flags.json) console.log(JSON.stringify(leader))
      else console.log(leader === null ? 'nobody leads' : `${leader.key}\t${leader.token}\t${leader.value}`)
    }
  } finally {
    stop()
  }
}
