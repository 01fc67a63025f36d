/** The judgement of the model: what the operation at a cursor needs, and if its principal has it. */
import { toHex } from '../../base/bytes.ts'
import type { ClientId } from '../../base/ids.ts'
import { readAccessList } from '../../store/access-operations.ts'
import { readChangesQuery } from '../../store/changes-operation.ts'
import { type KeyRange, keysWithPrefix, oneKey } from '../../store/key-range.ts'
import { readLease, readTimeToLive } from '../../store/lease-operations.ts'
import {
  actAsOf,
  leaseOf,
  nextOperation,
  OPERATION_CODES,
  type OperationCursor,
  PUT_OPTIONS,
} from '../../store/operations.ts'
import { readDeletion, readQuery } from '../../store/range-operations.ts'
import { type ReadTransaction, readTransaction } from '../../store/transaction.ts'
import type { StoreModel } from './store-model.ts'

const READ = 1
const WRITE = 2

/** The outcome of a judgement, and the principal by whose rights it was judged; null if nothing is judged. */
export interface Judged {
  readonly isPermitted: boolean
  readonly principal: ClientId | null
}

/** Judges the operation at the cursor, which is known to be without faults. */
export function judge(model: StoreModel, client: ClientId, cursor: OperationCursor): Judged {
  const { access } = model
  const isOnAccess =
    cursor.code >= OPERATION_CODES['access-switch'] && cursor.code <= OPERATION_CODES['access-list']
  if (!access.isOn && !isOnAccess) return { isPermitted: true, principal: null }
  const actAs = actAsOf(cursor)
  const principal = access.principalOf(client, actAs === null ? null : (toHex(actAs) as ClientId))
  if (principal === null) return { isPermitted: false, principal }
  const isPermitted = access.isAdministrator(principal) || new Judge(model, principal).permits(cursor)
  return { isPermitted, principal }
}

class Judge {
  readonly #model: StoreModel
  readonly #principal: ClientId

  constructor(model: StoreModel, principal: ClientId) {
    this.#model = model
    this.#principal = principal
  }

  permits(cursor: OperationCursor): boolean {
    const fields = cursor.bytes.slice(cursor.keyStart, cursor.keyEnd)
    switch (cursor.code) {
      case OPERATION_CODES.put:
        return this.#may(WRITE, oneKey(fields)) && this.#mayAttach(cursor)
      case OPERATION_CODES['put-with-options']: {
        const showsPrevious = (cursor.options & PUT_OPTIONS.previous) !== 0
        const mayRead = !showsPrevious || this.#may(READ, oneKey(fields))
        return mayRead && this.#may(WRITE, oneKey(fields)) && this.#mayAttach(cursor)
      }
      case OPERATION_CODES.get:
        return this.#may(READ, oneKey(fields))
      case OPERATION_CODES.list:
        return this.#may(READ, keysWithPrefix(fields))
      case OPERATION_CODES.range:
        return this.#may(READ, readQuery(fields))
      case OPERATION_CODES.changes:
        return this.#may(READ, readChangesQuery(fields))
      case OPERATION_CODES.delete:
        return this.#may(WRITE, oneKey(fields))
      case OPERATION_CODES['delete-range']: {
        const deletion = readDeletion(fields)
        const showsPrevious = typeof deletion !== 'string' && deletion.previous
        return this.#may(WRITE, deletion) && (!showsPrevious || this.#may(READ, deletion))
      }
      case OPERATION_CODES.transaction: {
        const transaction = readTransaction(cursor, cursor.keyStart, cursor.keyEnd)
        return typeof transaction === 'string' || this.#permitsAll(cursor, transaction)
      }
      default:
        return this.#permitsOther(cursor.code, fields)
    }
  }

  #permitsAll(cursor: OperationCursor, { compares, success, failure }: ReadTransaction): boolean {
    const permitsMembers = [...success, ...failure].every((member) => {
      if (member.kind === 'transaction') return this.#permitsAll(cursor, member.transaction)
      const its = { ...cursor, next: member.at }
      nextOperation(its)
      return this.permits(its)
    })
    return permitsMembers && compares.every((compare) => this.#may(READ, compare))
  }

  #permitsOther(code: number, fields: Uint8Array): boolean {
    switch (code) {
      case OPERATION_CODES['lease-grant']:
      case OPERATION_CODES.leases:
        return true
      case OPERATION_CODES['lease-keep-alive']: {
        const lease = readLease(fields)
        return lease === null || this.#holds(lease)
      }
      case OPERATION_CODES['lease-revoke']: {
        const lease = readLease(fields)
        return lease === null || (this.#holds(lease) && this.#mayKeysOf(WRITE, lease))
      }
      case OPERATION_CODES['lease-time-to-live']: {
        const asked = readTimeToLive(fields)
        return asked === null || !asked.keys || this.#mayKeysOf(READ, asked.id)
      }
      case OPERATION_CODES['access-list']: {
        const asked = readAccessList(fields)
        return typeof asked === 'string' || (asked.isOne && toHex(asked.principal) === this.#principal)
      }
      default:
        return false
    }
  }

  #may(permission: number, range: KeyRange | string): boolean {
    return typeof range === 'string' || this.#model.access.covers(this.#principal, range, permission)
  }

  #mayAttach(cursor: OperationCursor): boolean {
    const lease = leaseOf(cursor)
    return lease === null || this.#holds(lease)
  }

  #holds(lease: Uint8Array): boolean {
    const holder = this.#model.leases.holderOf(lease)
    return holder === null ? this.#mayKeysOf(WRITE, lease) : holder === this.#principal
  }

  #mayKeysOf(permission: number, lease: Uint8Array): boolean {
    return this.#model.leases.keysOf(lease).every((key) => this.#may(permission, oneKey(key)))
  }
}
