package io.hadal.platform.journal;

import io.hadal.formats.FormatException;
import io.hadal.platform.money.Charging;
import java.nio.file.Path;

/**
 * How the journal is kept.
 *
 * @param folder where its files are; one process at a time uses it
 * @param node name of this node; empty: it does not say how far it has come
 * @param limitBytes bytes of files at which no more attempts are admitted
 * @param segmentBytes bytes at which a new file begins
 * @param faults what a crash costs the customer
 */
public record JournalOptions(
    Path folder, String node, long limitBytes, long segmentBytes, Charging faults) {
  /** A gibibyte: about 1.5 million requests. */
  public static final long LIMIT_BYTES = 1L << 30;

  public static final long SEGMENT_BYTES = 8L << 20;

  public JournalOptions {
    if (segmentBytes < 4096 || limitBytes < segmentBytes) {
      throw new FormatException(
          "journal", "segments must have 4096 bytes or more, the limit at least a segment");
    }
  }

  /** The usual sizes; crashes are free. */
  public static JournalOptions of(Path folder, String node) {
    return new JournalOptions(folder, node, LIMIT_BYTES, SEGMENT_BYTES, Charging.FAULTS_FREE);
  }
}
