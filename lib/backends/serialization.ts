/** Turns messages between processes into bytes. What crosses is what crosses between threads. */

// Pools without processes do not need it, and it takes a millisecond to load.
const v8 = () => process.getBuiltinModule('node:v8')

/**
 * Throws if a value cannot be cloned, or a buffer in `transfer` not be transferred: those are copied,
 * and leave the calling thread all the same. Not `v8.serialize`, because that copies views one by one: two
 * of the same buffer would no longer share it, and shared memory would become a copy.
 */
export function serialized(value: unknown, transfer: readonly ArrayBuffer[] = []): Buffer {
  const serializer = new (v8().Serializer)()
  serializer.writeHeader()
  serializer.writeValue(value)
  if (transfer.length > 0) structuredClone(undefined, { transfer: [...transfer] })
  return serializer.releaseBuffer()
}

/** Throws if the value is nested too deeply for the stack of the calling thread. */
export function deserialized(bytes: Uint8Array): unknown {
  const deserializer = new (v8().Deserializer)(bytes as Buffer)
  deserializer.readHeader()
  return deserializer.readValue()
}
