package io.hadal.model.engram;

/**
 * Rows on their way. Belongs to one thread; closing it without reading gives up what has not been
 * fetched.
 */
public interface Prefetch extends AutoCloseable {

  /** Number of rows asked for. */
  int count();

  /**
   * Waits for the rows and decodes them in the order asked for; may be repeated.
   *
   * @param out {@code [count, width]} from {@code outOffset}
   * @throws io.hadal.formats.FormatException when a row cannot be read or holds no number
   */
  void read(float[] out, int outOffset);

  @Override
  void close();
}
