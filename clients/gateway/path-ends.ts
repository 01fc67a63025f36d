/**
 * Ends of paths that are any bytes, such as the key in `/v1/kv/{key}`. The router never sees them: it would decode them
 * as UTF-8. No request can ask for such a route in another way: every URL that begins so has its end taken out.
 */
import type { IncomingMessage } from 'node:http'
import { ENDPOINTS } from '../api/endpoints.ts'

/** The path by which the router knows an endpoint. */
export const routePath = (path: string): string => path.replace(/\{\w+\}$/, '')

/** The paths of endpoints by their routes, where the two differ. */
const PATHS_BY_ROUTE: ReadonlyMap<string, string> = new Map(
  ENDPOINTS.map(({ path }) => [routePath(path), path] as const).filter(([route, path]) => route !== path),
)
const ROUTES: readonly string[] = [...PATHS_BY_ROUTE.keys()]

/** The path of a route as a person knows it. */
export const shownPath = (route: string): string => PATHS_BY_ROUTE.get(route) ?? route

/** The ends of the requests' paths, still encoded. */
export class PathEnds {
  readonly #ends = new WeakMap<IncomingMessage, string>()

  /** The URL by which the request is routed. */
  rewrite(request: IncomingMessage): string {
    const url = originForm(request)
    const route = ROUTES.find((each) => url.startsWith(each))
    if (route === undefined) return url
    const [end = '', ...query] = url.slice(route.length).split('?')
    this.#ends.set(request, end)
    return [route, ...query].join('?')
  }

  of(request: IncomingMessage): string | undefined {
    return this.#ends.get(request)
  }
}

/** A target with scheme and host (RFC 9112, 3.2.2) without them; its host counts, and not the Host header. */
function originForm(request: IncomingMessage): string {
  const { url = '/' } = request
  const [start, host] = /^https?:\/\/([^/?]*)/i.exec(url) ?? []
  if (start === undefined) return url
  request.headers.host = host
  const rest = url.slice(start.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}
