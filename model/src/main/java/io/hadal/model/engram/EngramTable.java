package io.hadal.model.engram;

/** The rows of one layer's n-gram memory. Safe for concurrent use. */
public interface EngramTable extends AutoCloseable {

  /** Tensor name, for messages and reports. */
  String name();

  /** Number of rows. */
  int rows();

  /** Values in a row. */
  int width();

  /**
   * Starts to fetch rows and returns at once. Row ids may repeat; each is fetched once.
   *
   * @param rows row ids from index {@code from}
   * @throws IndexOutOfBoundsException for a row that the table does not have
   */
  Prefetch begin(int[] rows, int from, int count);

  /**
   * Fetches rows and waits for them.
   *
   * @param out {@code [count, width]} from index 0
   * @throws io.hadal.formats.FormatException when a row cannot be read or holds no number
   */
  default void read(int[] rows, int from, int count, float[] out) {
    try (Prefetch prefetch = begin(rows, from, count)) {
      prefetch.read(out, 0);
    }
  }

  /** Work done so far. */
  EngramCounters counters();

  /** Releases the table's own memory and files. Running lookups fail. */
  @Override
  void close();
}
