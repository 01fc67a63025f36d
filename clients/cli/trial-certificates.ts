/** Makes certificates for trials and tests: an authority, and the certificates of gateways and clients that it signs. */
import 'reflect-metadata'
import { createPrivateKey, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate and its key, in PEM. */
export interface Certified {
  readonly certificate: string
  readonly key: string
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000
const AUTHORITY_DAYS = 3_650

cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[0])

/** Makes an authority. */
export async function trialAuthority(): Promise<Certified> {
  const keys = await newKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: 'CN=strategos trial authority',
    ...validFor(AUTHORITY_DAYS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  })
  return { certificate: certificate.toString('pem'), key: await keyText(keys) }
}

/** Makes the certificate of a gateway with these names, which are DNS names and IP addresses. */
export function gatewayCertificate(
  authority: Certified,
  names: readonly string[],
  days: number,
): Promise<Certified> {
  const alternatives = names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }) as const)
  return signed(authority, 'CN=strategos gateway', days, [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(alternatives),
  ])
}

/** Makes the certificate of a client. */
export function clientCertificate(authority: Certified, name: string, days: number): Promise<Certified> {
  return signed(authority, `CN=${name}`, days, [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])])
}

async function signed(
  authority: Certified,
  subject: string,
  days: number,
  extensions: readonly Extension[],
): Promise<Certified> {
  const keys = await newKeys()
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject,
    issuer: new X509Certificate(authority.certificate).subject,
    ...validFor(days),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority.key),
    extensions: [new BasicConstraintsExtension(false), ...extensions],
  })
  return { certificate: certificate.toString('pem'), key: await keyText(keys) }
}

const newKeys = (): Promise<CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<CryptoKeyPair>

type CryptoKeyPair = webcrypto.CryptoKeyPair

/** Positive, as the standard wants it. */
const newSerialNumber = (): string =>
  `01${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex')}`

/** From an hour ago on, for clocks that are behind. */
const validFor = (days: number) => ({
  notBefore: new Date(Date.now() - DAY_MS / 24),
  notAfter: new Date(Date.now() + days * DAY_MS),
})

async function keyText({ privateKey }: CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey))
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  }) as string
}

function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' })
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign'])
}
