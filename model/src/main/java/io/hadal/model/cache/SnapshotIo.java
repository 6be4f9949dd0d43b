package io.hadal.model.cache;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Moves off-heap bytes through streams. */
final class SnapshotIo {
  private static final int CHUNK = 1 << 16;

  private SnapshotIo() {}

  static void write(DataOutputStream out, MemorySegment from, long bytes) throws IOException {
    byte[] buffer = new byte[(int) Math.min(bytes, CHUNK)];
    for (long at = 0; at < bytes; at += buffer.length) {
      int n = (int) Math.min(buffer.length, bytes - at);
      MemorySegment.copy(from, ValueLayout.JAVA_BYTE, at, buffer, 0, n);
      out.write(buffer, 0, n);
    }
  }

  static void read(DataInputStream in, MemorySegment to, long bytes) throws IOException {
    byte[] buffer = new byte[(int) Math.min(bytes, CHUNK)];
    for (long at = 0; at < bytes; at += buffer.length) {
      int n = (int) Math.min(buffer.length, bytes - at);
      in.readFully(buffer, 0, n);
      MemorySegment.copy(buffer, 0, to, ValueLayout.JAVA_BYTE, at, n);
    }
  }
}
