/**
 * The functions of sodium-native that strategos calls; the package brings no types. Each function takes views of any
 * array buffer, writes its output into the first argument, and throws on a wrong size.
 */
declare module 'sodium-native' {
  interface Sodium {
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void
    crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
    /** True for a canonical encoding of a point of the prime-order group. */
    crypto_core_ed25519_is_valid_point(point: Uint8Array): boolean
    /** BLAKE2b over the concatenation of the parts; the output's size is the digest's. */
    crypto_generichash_batch(output: Uint8Array, parts: readonly Uint8Array[], key: Uint8Array): void
    crypto_scalarmult_base(publicKey: Uint8Array, secret: Uint8Array): void
    /** Throws if the shared secret would be zero. */
    crypto_scalarmult(shared: Uint8Array, secret: Uint8Array, publicKey: Uint8Array): void
  }
  const sodium: Sodium
  export default sodium
}
