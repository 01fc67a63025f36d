/** The gateway's tokens for clients of etcd: a user is a token's name, and its password is the token. */
import { EtcdError, etcdError } from '../etcd/service/errors.ts'
import type { Handlers, UnaryHandler } from '../etcd/service/handlers.ts'
import type { Identities } from './identities.ts'

interface AuthenticateRequest {
  readonly name: string
  readonly password: string
}

/** Returns the handlers with those of authentication in place of the ones that know no users. */
export function withTokens(handlers: Handlers, identities: Identities): Handlers {
  if (!identities.hasTokens) return handlers
  const status = handlers.unary.get('/etcdserverpb.Auth/AuthStatus')
  return {
    ...handlers,
    unary: new Map<string, UnaryHandler>([
      ...handlers.unary,
      [
        '/etcdserverpb.Auth/AuthStatus',
        async (request, leaving) => ({ ...(await status?.(request, leaving)), enabled: true }),
      ],
      [
        '/etcdserverpb.Auth/Authenticate',
        async (request) => {
          const { name, password } = request as AuthenticateRequest
          if (name === '') throw etcdError('userEmpty')
          if (!identities.isToken(name, password)) throw etcdError('authFailed')
          return { token: password }
        },
      ],
      ...MANAGED_ELSEWHERE.map((path): [string, UnaryHandler] => [path, managedElsewhere]),
    ]),
  }
}

const MANAGED_ELSEWHERE = ['UserAdd', 'UserDelete', 'UserChangePassword', 'AuthEnable', 'AuthDisable'].map(
  (method) => `/etcdserverpb.Auth/${method}`,
)

const managedElsewhere: UnaryHandler = async () => {
  throw new EtcdError(
    'unimplemented',
    'etcdserver: the tokens of a gateway are added and revoked with "strategos token", where its file is',
  )
}
