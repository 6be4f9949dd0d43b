package io.hadal.platform.journal;

/**
 * Bytes of a journal file that are no record.
 *
 * @param file name of the file
 * @param offset where they begin
 * @param bytes how many
 * @param tornTail true when the file ends with them, as after a crash
 */
public record Damage(String file, long offset, long bytes, boolean tornTail) {
  @Override
  public String toString() {
    return file
        + ": "
        + bytes
        + " bytes from offset "
        + offset
        + (tornTail
            ? " are the torn end of a crash"
            : " are damaged; the attempts in them count as crashed");
  }
}
