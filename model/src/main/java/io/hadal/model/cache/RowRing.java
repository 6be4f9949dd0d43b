package io.hadal.model.cache;

import io.hadal.model.cache.PagePool.Page;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.ObjLongConsumer;

/** The rows of the last {@code capacity} positions; position p lies in slot p mod capacity. */
public final class RowRing {
  private final PagePool pool;
  private final RowFormat format;
  private final int capacity;
  private final Page page;

  RowRing(PagePool pool, RowFormat format, int capacity) {
    this.pool = pool;
    this.format = format;
    this.capacity = capacity;
    this.page = pool.take((long) capacity * format.bytes());
  }

  public int capacity() {
    return capacity;
  }

  public void write(int position, float[] row, int offset) {
    format.write(row, offset, page.memory, position % capacity);
  }

  public void read(int position, float[] row, int offset) {
    format.read(page.memory, position % capacity, row, offset);
  }

  RowRing fork() {
    RowRing copy = new RowRing(pool, format, capacity);
    MemorySegment.copy(page.memory, 0, copy.page.memory, 0, page.memory.byteSize());
    return copy;
  }

  long bytes() {
    return page.memory.byteSize();
  }

  void pages(ObjLongConsumer<Object> to) {
    to.accept(page, page.memory.byteSize());
  }

  void writeTo(DataOutputStream out) throws IOException {
    SnapshotIo.write(out, page.memory, page.memory.byteSize());
  }

  void readFrom(DataInputStream in) throws IOException {
    SnapshotIo.read(in, page.memory, page.memory.byteSize());
  }

  void release() {
    pool.give(page);
  }
}
