package io.hadal.model.engram;

import io.hadal.formats.FormatException;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A table on disk: rows are read one by one, many at a time, and the most recently used ones stay
 * in memory (engram spec 7). For tables larger than memory.
 */
public final class FileTable implements EngramTable {
  private static final int MIN_BUFFER_ROWS = 64;

  /** Buffers of finished requests kept for the next ones, and the largest that is. */
  private static final int SPARE_BUFFERS = 4;

  private static final int MAX_SPARE_ROWS = 1 << 15;

  private final TableLayout layout;
  private final RowFile file;
  private final RowReader reader;
  private final ReadPool pool;
  private final LookupCounts counts = new LookupCounts();
  private final ReentrantLock lock = new ReentrantLock();
  private final RowCache cache;
  private final @Nullable RowBuffer[] spare = new RowBuffer[SPARE_BUFFERS];
  private volatile boolean closed;

  /**
   * Opens the files of a table; the store may be closed afterwards.
   *
   * @param cacheBytes memory for recently used rows
   * @throws FormatException when a file cannot be opened or is shorter than the table
   */
  public FileTable(TableLayout layout, long cacheBytes, ReadPool pool) {
    this.layout = layout;
    this.reader = new RowReader(layout.name, layout.width());
    this.pool = pool;
    this.cache = new RowCache(layout.format, cacheBytes, layout.rows);
    this.file = new RowFile(layout);
  }

  /**
   * Most memory that a row cache can use; a larger budget stays unused.
   *
   * @param tableBytes stored bytes of the tables
   * @param rows rows of the tables
   */
  public static long largestCache(long tableBytes, long rows) {
    return tableBytes + rows * RowCache.OVERHEAD_BYTES;
  }

  @Override
  public String name() {
    return layout.name;
  }

  @Override
  public int rows() {
    return layout.rows;
  }

  @Override
  public int width() {
    return layout.width();
  }

  @Override
  public Prefetch begin(int[] rows, int from, int count) {
    DistinctRows distinct = DistinctRows.of(rows, from, count);
    if (count > 0) {
      Objects.checkIndex(distinct.rows()[0], layout.rows);
      Objects.checkIndex(distinct.rows()[distinct.rows().length - 1], layout.rows);
    }
    if (closed) {
      throw new IllegalStateException("table " + layout.name + " is closed");
    }
    int[] missing = new int[distinct.rows().length];
    int misses = 0;
    RowBuffer buffer;
    lock.lock();
    try {
      buffer = takeBuffer(missing.length);
      for (int i = 0; i < missing.length; i++) {
        if (!cache.get(distinct.rows()[i], buffer, i)) {
          missing[misses++] = i;
        }
      }
    } finally {
      lock.unlock();
    }
    counts.request(count, missing.length - misses, misses);
    RowRequest request = new RowRequest(this, distinct, buffer, Arrays.copyOf(missing, misses));
    int runners = Math.min(misses * file.parts(), pool.threads());
    try {
      for (int i = 0; i < runners; i++) {
        pool.execute(request);
      }
    } catch (RejectedExecutionException e) {
      request.close();
      throw new IllegalStateException("the pool that reads " + layout.name + " is closed", e);
    }
    return request;
  }

  private RowBuffer takeBuffer(int rows) {
    int best = -1;
    int bestCapacity = Integer.MAX_VALUE;
    for (int i = 0; i < spare.length; i++) {
      RowBuffer buffer = spare[i];
      if (buffer != null && buffer.capacity >= rows && buffer.capacity < bestCapacity) {
        best = i;
        bestCapacity = buffer.capacity;
      }
    }
    RowBuffer buffer = best < 0 ? null : spare[best];
    if (buffer == null) {
      return new RowBuffer(layout.format, Math.max(rows + rows / 4, MIN_BUFFER_ROWS));
    }
    spare[best] = null;
    return buffer;
  }

  /** Takes back the buffer of a request that is over. */
  void release(RowBuffer buffer) {
    if (buffer.capacity > MAX_SPARE_ROWS) {
      return;
    }
    lock.lock();
    try {
      for (int i = 0; i < spare.length; i++) {
        if (spare[i] == null) {
          spare[i] = buffer;
          return;
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Reads that fetch one row. */
  int parts() {
    return file.parts();
  }

  /** Does one of the reads of a row. */
  void fetch(int part, int row, RowBuffer to, int toRow) {
    counts.read(file.read(part, row, to, toRow));
  }

  /** Caches the rows that a request has read. */
  void keep(int[] rows, int[] fetched, RowBuffer buffer) {
    lock.lock();
    try {
      for (int i : fetched) {
        cache.put(rows[i], buffer, i);
      }
    } finally {
      lock.unlock();
    }
  }

  void decode(RowBuffer buffer, int bufferRow, int row, float[] out, int outOffset) {
    reader.decode(buffer.matrix, bufferRow, row, out, outOffset);
  }

  void waited(long nanos) {
    counts.waited(nanos);
  }

  @Override
  public EngramCounters counters() {
    return counts.snapshot();
  }

  @Override
  public void close() {
    closed = true;
    file.close();
  }
}
