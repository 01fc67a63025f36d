/** Certificates for trials: an authority of its own in a cluster directory, and what it signs. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../../src/base/operator-error.ts'
import {
  type Certified,
  clientCertificate,
  gatewayCertificate,
  trialAuthority,
} from './trial-certificates.ts'

export interface CertificateFlags {
  readonly dir: string
  readonly names: readonly string[]
  readonly client?: string
  readonly days: number
}

export async function certificate({ dir, names, client, days }: CertificateFlags): Promise<void> {
  if (client !== undefined && !/^[\w.@-]{1,64}$/.test(client)) {
    throw new OperatorError(
      `"${client}" is no name for a client: up to 64 letters, digits and . _ @ - are one.`,
    )
  }
  const folder = join(dir, 'tls')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const authority = await authorityIn(folder)
  const made =
    client === undefined
      ? await gatewayCertificate(authority, names, days)
      : await clientCertificate(authority, client, days)
  const name = client === undefined ? 'gateway' : `client-${client}`
  const paths = write(folder, name, made)
  const ca = join(folder, 'ca.crt')
  console.log(`Made ${paths.certificate} and ${paths.key}, valid for ${days} days; ${ca} signed it.`)
  console.log(
    client === undefined
      ? `For a gateway: --tls-cert ${paths.certificate} --tls-key ${paths.key}. For its callers: --ca ${ca}.`
      : `For a gateway: --tls-client-ca ${ca}. For the caller: --cert ${paths.certificate} --cert-key ${paths.key}.`,
  )
}

async function authorityIn(folder: string): Promise<Certified> {
  const [certificate, key] = [join(folder, 'ca.crt'), join(folder, 'ca.key')]
  if (existsSync(certificate) && existsSync(key)) {
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
  }
  const made = await trialAuthority()
  write(folder, 'ca', made)
  return made
}

/** Writes the certificate last: a gateway that watches both takes them when they fit together. */
function write(
  folder: string,
  name: string,
  made: Certified,
): { readonly certificate: string; readonly key: string } {
  const paths = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
  rmSync(paths.key, { force: true })
  writeFileSync(paths.key, made.key, { mode: 0o600 })
  writeFileSync(paths.certificate, made.certificate)
  return paths
}
