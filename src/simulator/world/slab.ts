/** Bytes of one slab; a longer copy gets an allocation of its own. */
const SLAB_BYTES = 128 * 1024

/** Copies many small byte strings into large allocations: one allocation each would cost more than everything else. */
export function createCopier(): (bytes: Uint8Array) => Uint8Array {
  let slab = new Uint8Array(SLAB_BYTES)
  let used = 0
  return (bytes) => {
    if (bytes.length > SLAB_BYTES / 8) return bytes.slice()
    if (used + bytes.length > SLAB_BYTES) {
      slab = new Uint8Array(SLAB_BYTES)
      used = 0
    }
    slab.set(bytes, used)
    const copy = slab.subarray(used, used + bytes.length)
    used += bytes.length
    return copy
  }
}
