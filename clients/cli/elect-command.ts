/** The command elect: it campaigns for leadership and leads until it is ended, or prints the leader. */
import { OperatorError } from '../../src/base/operator-error.ts'
import { keyName } from '../api/key-name.ts'
import { withGateway } from './gateway-call.ts'
import { aborted, type LockFlags, print, whileHeld, withStore } from './lock-command.ts'

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
  whileHeld(
    flags,
    (store, signal) => store.campaign(name, value, { ttl: flags.ttl, signal }),
    async (held, ended) => {
      print(held, flags)
      await aborted(ended)
    },
  )

const listen = (name: string, flags: ElectFlags): Promise<void> =>
  withStore(flags, async (store, signal) => {
    try {
      for await (const leader of store.leaders(name, { signal })) {
        const shown =
          leader === null
            ? null
            : { key: keyName(leader.key), token: leader.token, value: keyName(leader.value) }
        if (flags.json) console.log(JSON.stringify(shown))
        else console.log(shown === null ? 'nobody leads' : `${shown.key}\t${shown.token}\t${shown.value}`)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  })
