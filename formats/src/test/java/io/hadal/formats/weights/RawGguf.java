package io.hadal.formats.weights;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** GGUF bytes field by field, also wrong ones. */
final class RawGguf {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  static RawGguf header(long tensors, long keys) {
    return header(3, tensors, keys);
  }

  static RawGguf header(int version, long tensors, long keys) {
    return new RawGguf().raw("GGUF").u32(version).u64(tensors).u64(keys);
  }

  RawGguf raw(String ascii) {
    out.writeBytes(ascii.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  RawGguf u8(int value) {
    out.write(value);
    return this;
  }

  RawGguf u32(long value) {
    return little(value, 4);
  }

  RawGguf u64(long value) {
    return little(value, 8);
  }

  RawGguf text(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    u64(utf8.length);
    out.writeBytes(utf8);
    return this;
  }

  RawGguf key(String name, GgufValueType type) {
    return text(name).u32(type.id());
  }

  RawGguf tensor(String name, GgmlType type, long offset, long... innermostFirst) {
    return tensor(name, type.id(), offset, innermostFirst);
  }

  RawGguf tensor(String name, int typeId, long offset, long... innermostFirst) {
    text(name).u32(innermostFirst.length);
    for (long size : innermostFirst) {
      u64(size);
    }
    return u32(typeId).u64(offset);
  }

  /** Pads to a multiple of 32 and appends that many data bytes. */
  RawGguf data(int bytes) {
    out.writeBytes(new byte[-out.size() & 31]);
    out.writeBytes(new byte[bytes]);
    return this;
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  private RawGguf little(long value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (value >>> (8 * i)));
    }
    return this;
  }
}
