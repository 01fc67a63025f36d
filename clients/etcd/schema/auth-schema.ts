/**
 * The interface of etcd's Auth service. There are no users here: most methods have the same answer whatever they are
 * asked, so the fields of their messages are left out. A reader passes over fields that it does not know.
 */
import { http } from './http-option.ts'

/** The methods with their paths in JSON. */
const METHODS = [
  ['AuthEnable', 'enable'],
  ['AuthDisable', 'disable'],
  ['AuthStatus', 'status'],
  ['Authenticate', 'authenticate'],
  ['UserAdd', 'user/add'],
  ['UserGet', 'user/get'],
  ['UserList', 'user/list'],
  ['UserDelete', 'user/delete'],
  ['UserChangePassword', 'user/changepw'],
  ['UserGrantRole', 'user/grant'],
  ['UserRevokeRole', 'user/revoke'],
  ['RoleAdd', 'role/add'],
  ['RoleGet', 'role/get'],
  ['RoleList', 'role/list'],
  ['RoleDelete', 'role/delete'],
  ['RoleGrantPermission', 'role/grant'],
  ['RoleRevokePermission', 'role/revoke'],
] as const

/** The names of the messages begin with the name of the service. */
const messageOf = (method: string): string => (method.startsWith('Auth') ? method : `Auth${method}`)

const EMPTY = METHODS.map(([method]) => messageOf(method))

export const AUTH_SCHEMA = `
syntax = "proto3";
package etcdserverpb;

service Auth {
${METHODS.map(
  ([method, path]) =>
    `  rpc ${method}(${messageOf(method)}Request) returns (${messageOf(method)}Response) ${http(`/v3/auth/${path}`)}`,
).join('\n')}
}

${EMPTY.filter((name) => name !== 'Authenticate')
  .map((name) => `message ${name}Request {}`)
  .join('\n')}
${EMPTY.filter((name) => name !== 'AuthStatus' && name !== 'Authenticate')
  .map((name) => `message ${name}Response {}`)
  .join('\n')}

message AuthenticateRequest { string name = 1; string password = 2; }
message AuthenticateResponse { ResponseHeader header = 1; string token = 2; }
message AuthStatusResponse {
  ResponseHeader header = 1;
  bool enabled = 2;
  uint64 authRevision = 3;
}
`
