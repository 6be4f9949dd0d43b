package io.hadal.server.trial;

import java.io.ByteArrayOutputStream;

/** Bytes of an answer up to a limit; beyond it nothing of them is kept. */
final class AnswerCopy {
  private final int limit;
  private ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
  private boolean tooLong;

  AnswerCopy(int limit) {
    this.limit = limit;
  }

  synchronized void add(byte[] from, int offset, int length) {
    if (tooLong || bytes.size() + length > limit) {
      tooLong = true;
      bytes = new ByteArrayOutputStream(0);
    } else {
      bytes.write(from, offset, length);
    }
  }

  /** What came; empty when it was too long. */
  synchronized byte[] bytes() {
    return bytes.toByteArray();
  }

  synchronized boolean tooLong() {
    return tooLong;
  }
}
