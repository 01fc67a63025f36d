/**
 * SHA-256 over the concatenation of the parts; 32 bytes. It is injected wherever a digest is needed, so that the pure
 * folders depend on no package.
 */
export type Hash = (...parts: readonly Uint8Array[]) => Uint8Array

/** Bytes in a digest. */
export const DIGEST_BYTES = 32
