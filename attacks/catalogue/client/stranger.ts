import { utf8 } from '../../../src/base/bytes.ts'
import type { ReplicaId } from '../../../src/base/ids.ts'
import { packPayload } from '../../../src/messages/payload.ts'
import { encodeOperations } from '../../../src/store/operations-writer.ts'
import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { atTick, everyTicks, inTheEnd, jointly } from '../../language/client-behaviour.ts'
import type { ClientContext, ClientLink, FalseIdentity } from '../../language/client-context.ts'
import { all, noViewChange, refused, told } from '../../language/expectations.ts'

const OPERATIONS = encodeOperations([{ kind: 'put', key: utf8('strange'), value: utf8('value') }])

/**
 * Claims that are false: another client's key, a replica's place with its key and with the own, and nothing at all.
 */
function lies({ cluster, stranger, request }: ClientContext): readonly FalseIdentity[] {
  const signer = stranger()
  const key = cluster.clients[0]?.publicKey ?? signer.publicKey
  const replica = 1 as ReplicaId
  return [
    { signer, key },
    { signer, replica, key: cluster.replicas[replica]?.publicKey ?? signer.publicKey },
    { signer, replica },
    { signer, instead: request({ signer, timestamp: 1, operations: OPERATIONS }) },
  ]
}

const ANSWERS = ['unknown-client'] as const

export const stranger: Attack = {
  name: 'stranger',
  world: 'both',
  plays: 'client',
  targets: ['safety'],
  does: "connects with an unknown key, another client's, a replica's or none, and speaks for others",
  source: 'Castro and Liskov, OSDI 1999, section 4.1: only authenticated clients are served',
  expects: "no one is admitted under another's name, and a stranger's requests are refused",
  traitors: nobody,
  behaviour: () => together(),
  client: {
    awaits: ANSWERS,
    behaviour: () => {
      const liars: ClientLink[] = []
      let open: { readonly link: ClientLink; readonly signer: FalseIdentity['signer'] } | null = null
      let timestamp = 0
      return jointly(
        atTick(0, (place) => {
          const signer = place.stranger()
          open = { link: place.open({ signer }), signer }
          liars.push(...lies(place).map((identity) => place.open(identity)))
        }),
        everyTicks(2, ({ link, request, seal, hash }) => {
          if (open === null) return
          const { signer } = open
          const asked = request({ signer, timestamp: ++timestamp, operations: OPERATIONS })
          // Under its own name, and over the link of a client that is known.
          for (const each of [open.link, link, ...liars]) each.sendToAll(asked)
          for (const each of liars) each.inquire()
          link.sendToAll(seal('fetch', packPayload([1, timestamp, hash(OPERATIONS)])))
        }),
        inTheEnd(() =>
          liars.flatMap(({ admittedBy }, index) =>
            admittedBy.map((id) => `replica ${id} let in who lied to it in way ${index + 1}`),
          ),
        ),
      )
    },
  },
  judge: all(
    told(...ANSWERS),
    refused('sender-is-not-the-link'),
    refused('kind-not-for-this-link'),
    noViewChange,
  ),
}
