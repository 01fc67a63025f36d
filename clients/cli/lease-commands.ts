/** The commands lease grant, revoke, keep-alive, list and show, through a gateway. */
import type {
  getLease,
  grantLease,
  keepLease,
  LeaseGrantedAnswer,
  LeaseRevokedAnswer,
  LeaseShownAnswer,
  LeasesListedAnswer,
  listLeases,
  revokeLease,
} from '../api/leases.ts'
import { answerReader } from '../library/answer-reader.ts'
import { callGateway, type GatewayFlags, type WriteFlags, withGateway, writeHeaders } from './gateway-call.ts'

export interface GrantFlags extends WriteFlags {
  readonly id?: string
}

const readGranted = answerReader<LeaseGrantedAnswer>()({ id: 'string', ttl: 'number' })
const readShown = answerReader<LeaseShownAnswer>()({
  ttl: 'number',
  left: 'number',
  keys: ['string'],
  more: 'boolean',
})
const readListed = answerReader<LeasesListedAnswer>()({ leases: ['string'] })
const readRevoked = answerReader<LeaseRevokedAnswer>()({ deleted: 'number' })

export const grant = (ttl: number, flags: GrantFlags): Promise<void> =>
  withGateway(async () => {
    const { id } = flags
    const body = JSON.stringify(id === undefined ? { ttl } : { ttl, id })
    const answer = await callGateway<typeof grantLease>(flags, {
      method: 'POST',
      path: '/v1/leases',
      body,
      ...writeHeaders(flags),
    })
    const granted = readGranted(answer)
    console.log(flags.json ? answer.toString('utf8') : `lease ${granted.id} expires in ${granted.ttl} s`)
  })

export const revoke = (id: string, flags: GatewayFlags): Promise<void> =>
  withGateway(async () => {
    const answer = await callGateway<typeof revokeLease>(flags, {
      method: 'DELETE',
      path: '/v1/leases/{id}',
      query: { id: encodeURIComponent(id) },
    })
    const { deleted } = readRevoked(answer)
    if (flags.json) console.log(answer.toString('utf8'))
    else console.log(`lease ended, ${deleted} ${deleted === 1 ? 'key' : 'keys'} deleted`)
  })

export const keepAlive = (id: string, flags: GatewayFlags): Promise<void> =>
  withGateway(async () => {
    const answer = await callGateway<typeof keepLease>(flags, {
      method: 'POST',
      path: '/v1/leases/{id}/keep-alive',
      query: { id: encodeURIComponent(id) },
    })
    const kept = readGranted(answer)
    console.log(flags.json ? answer.toString('utf8') : `lease ${kept.id} expires in ${kept.ttl} s`)
  })

export const list = (flags: GatewayFlags): Promise<void> =>
  withGateway(async () => {
    const answer = await callGateway<typeof listLeases>(flags, { method: 'GET', path: '/v1/leases' })
    const { leases } = readListed(answer)
    if (flags.json) console.log(answer.toString('utf8'))
    else for (const id of leases) console.log(id)
  })

export const show = (id: string, flags: GatewayFlags): Promise<void> =>
  withGateway(async () => {
    const answer = await callGateway<typeof getLease>(flags, {
      method: 'GET',
      path: '/v1/leases/{id}',
      query: { id: encodeURIComponent(id) },
    })
    const { ttl, left, keys, more } = readShown(answer)
    if (flags.json) {
      console.log(answer.toString('utf8'))
      return
    }
    console.log(`expires in ${left} s of ${ttl} s`)
    for (const key of keys) console.log(key)
    if (more) console.error('Not all keys are printed: GET /v1/leases/{id} returns the others, page by page.')
  })
