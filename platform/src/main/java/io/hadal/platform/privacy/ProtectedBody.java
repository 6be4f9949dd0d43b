package io.hadal.platform.privacy;

import java.util.Arrays;

/**
 * Content of a request or an answer, held so that it does not get into a log or a message by
 * accident: its text form says its length only.
 */
public final class ProtectedBody implements AutoCloseable {
  private final byte[] bytes;

  /** Content; the array is taken over and must not be kept elsewhere. */
  public ProtectedBody(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The content itself, not a copy. */
  public byte[] bytes() {
    return bytes;
  }

  public int size() {
    return bytes.length;
  }

  /** Overwrites the content. */
  @Override
  public void close() {
    Arrays.fill(bytes, (byte) 0);
  }

  @Override
  public String toString() {
    return "[redacted " + bytes.length + " bytes]";
  }
}
