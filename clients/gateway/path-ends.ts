/**
 * Parts of paths that may be any bytes, such as the key in `/v1/kv/{key}`. They are removed before routing, because
 * the router would decode them as UTF-8. No request can bypass this: the part is removed from every URL with this
 * beginning and end.
 */
import type { IncomingMessage } from 'node:http'
import { ENDPOINTS } from '../api/endpoints.ts'

/** The path under which an endpoint is registered in the router. */
export const routePath = (path: string): string => path.replace(NAME, '')

const NAME = /\{\w+\}/

/** The paths of endpoints by their routes, where the two differ. */
const PATHS_BY_ROUTE: ReadonlyMap<string, string> = new Map(
  ENDPOINTS.map(({ path }) => [routePath(path), path] as const).filter(([route, path]) => route !== path),
)

/** The parts of each path before and after the bytes, the longest end first. */
const FRAMES = [...PATHS_BY_ROUTE]
  .map(([route, path]) => ({ route, parts: path.split(NAME) as [before: string, behind: string] }))
  .sort((a, b) => b.parts[1].length - a.parts[1].length)

/** The path of a route as documented. */
export const shownPath = (route: string): string => PATHS_BY_ROUTE.get(route) ?? route

/** The removed parts of the requests' paths, still encoded. */
export class PathEnds {
  readonly #ends = new WeakMap<IncomingMessage, string>()

  /** Returns the URL by which the request is routed. */
  rewrite(request: IncomingMessage): string {
    const url = originForm(request)
    const [target = '', ...query] = url.split('?')
    const frame = FRAMES.find(
      ({ parts: [before, behind] }) =>
        target.startsWith(before) && target.slice(before.length).endsWith(behind),
    )
    if (frame === undefined) return url
    const [before, behind] = frame.parts
    this.#ends.set(request, target.slice(before.length, target.length - behind.length))
    return [frame.route, ...query].join('?')
  }

  of(request: IncomingMessage): string | undefined {
    return this.#ends.get(request)
  }
}

/** Strips scheme and host from a target in absolute form (RFC 9112, 3.2.2); its host replaces the Host header. */
function originForm(request: IncomingMessage): string {
  const { url = '/' } = request
  const [start, host] = /^https?:\/\/([^/?]*)/i.exec(url) ?? []
  if (start === undefined) return url
  request.headers.host = host
  const rest = url.slice(start.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}
