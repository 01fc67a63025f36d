/** etcd's interface: its services with their methods, and the types of their messages. */
import protobuf from 'protobufjs'
import { AUTH_SCHEMA } from './auth-schema.ts'
import { CLUSTER_SCHEMA, HEALTH_SCHEMA, MAINTENANCE_SCHEMA } from './cluster-schema.ts'
import { KEY_VALUE_SCHEMA, KV_SCHEMA } from './kv-schema.ts'
import { LEASE_SCHEMA } from './lease-schema.ts'
import { ELECTION_SCHEMA, LOCK_SCHEMA } from './recipe-schema.ts'
import { WATCH_SCHEMA } from './watch-schema.ts'

const SCHEMAS = [
  KEY_VALUE_SCHEMA,
  KV_SCHEMA,
  LEASE_SCHEMA,
  WATCH_SCHEMA,
  CLUSTER_SCHEMA,
  MAINTENANCE_SCHEMA,
  AUTH_SCHEMA,
  LOCK_SCHEMA,
  ELECTION_SCHEMA,
  HEALTH_SCHEMA,
]

export interface Method {
  /** The path of its gRPC calls, for example `/etcdserverpb.KV/Range`. */
  readonly path: string
  readonly request: protobuf.Type
  readonly response: protobuf.Type
  readonly isRequestStream: boolean
  readonly isResponseStream: boolean
  /** The paths of its JSON calls, without `/v3`; empty if it has none. */
  readonly jsonPaths: readonly string[]
}

const JSON_ROOT = '/v3'

function loadRoot(): protobuf.Root {
  const root = new protobuf.Root()
  for (const text of SCHEMAS) protobuf.parse(text, root)
  root.resolveAll()
  return root
}

/** Returns the type of a message by its full name. */
export const loadType = (name: string): protobuf.Type => loadRoot().lookupType(name)

/** Returns every method by its path. */
export function loadMethods(): ReadonlyMap<string, Method> {
  return new Map(
    servicesIn(loadRoot())
      .flatMap(methodsOf)
      .map((method) => [method.path, method]),
  )
}

function servicesIn(namespace: protobuf.NamespaceBase): readonly protobuf.Service[] {
  return namespace.nestedArray.flatMap((each) => {
    if (each instanceof protobuf.Service) return [each]
    return each instanceof protobuf.Namespace ? servicesIn(each) : []
  })
}

function methodsOf(service: protobuf.Service): readonly Method[] {
  return service.methodsArray.map((method) => ({
    path: `/${service.fullName.slice(1)}/${method.name}`,
    request: typeOf(method.resolvedRequestType),
    response: typeOf(method.resolvedResponseType),
    isRequestStream: method.requestStream === true,
    isResponseStream: method.responseStream === true,
    jsonPaths: jsonPathsOf(method),
  }))
}

function typeOf(type: protobuf.Type | null): protobuf.Type {
  if (type === null) throw new TypeError('a method of the schema has a type that it does not declare')
  return type
}

/** A binding in the form of google.api.http. */
interface HttpRule {
  readonly post: string
  readonly additional_bindings?: HttpRule
}

function jsonPathsOf({ parsedOptions = [] }: protobuf.Method): readonly string[] {
  const rules = (parsedOptions as readonly Readonly<Record<string, HttpRule>>[]).flatMap((option) => {
    const rule = option['(google.api.http)']
    return rule === undefined ? [] : [rule, ...(rule.additional_bindings ? [rule.additional_bindings] : [])]
  })
  return rules.map(({ post }) => post.slice(JSON_ROOT.length))
}
