package io.hadal.model.cache;

import io.hadal.kernels.KeyTile;
import io.hadal.model.cache.PagePool.Page;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ObjLongConsumer;

/**
 * Append-only rows in pages; forks share full pages and copy a page before writing into a shared
 * one.
 */
public final class EntryLog {
  private static final int ROWS = KeyTile.KEYS;

  private final PagePool pool;
  private final RowFormat format;
  private final List<Page> pages = new ArrayList<>();
  private int size;

  EntryLog(PagePool pool, RowFormat format) {
    this.pool = pool;
    this.format = format;
  }

  public int size() {
    return size;
  }

  /** Makes room for rows up to {@code entries}, so that {@link #write} needs no memory. */
  public void reserve(int entries) {
    if (entries > size && size % ROWS != 0) {
      ownLastPage();
    }
    while ((long) pages.size() * ROWS < entries) {
      pages.add(pool.take((long) ROWS * format.bytes()));
    }
  }

  private void ownLastPage() {
    int last = size / ROWS;
    Page page = pages.get(last);
    if (pool.shared(page)) {
      Page own = pool.take(page.memory.byteSize());
      MemorySegment.copy(page.memory, 0, own.memory, 0, page.memory.byteSize());
      pages.set(last, own);
      pool.give(page);
    }
  }

  /**
   * Writes a reserved row; {@link #grow} makes it visible. Rows may be written from several
   * threads.
   */
  public void write(int entry, float[] row, int offset) {
    format.write(row, offset, pages.get(entry / ROWS).memory, entry % ROWS);
  }

  public void grow(int entries) {
    size = entries;
  }

  public void read(int entry, float[] row, int offset) {
    format.read(pages.get(entry / ROWS).memory, entry % ROWS, row, offset);
  }

  /**
   * Reads index keys {@code 64 * tile .. 64 * tile + 63}, those that are not there yet as anything.
   *
   * @param keys out: {@code [width, 64]} as {@link KeyTile} lays them out
   */
  public void readTile(int tile, float[] keys) {
    keyFormat().readTile(pages.get(tile).memory, keys);
  }

  /** True when {@link #byteTile} can give keys as bytes. */
  public boolean givesBytes() {
    return format instanceof KeyFormat keys && keys.givesBytes();
  }

  /**
   * Keys as {@link io.hadal.kernels.ByteTile} has them, tile by tile as {@link #readTile}.
   *
   * @param room used where keys are stored in another form
   */
  public MemorySegment byteTile(int tile, KeyRoom room) {
    return keyFormat().byteTile(pages.get(tile).memory, room);
  }

  /** As {@link #byteTile(int, KeyRoom)} with {@code entries[from .. from + n - 1]} in front. */
  public MemorySegment byteTile(int[] entries, int from, int n, KeyRoom room) {
    KeyFormat keyFormat = keyFormat();
    return keyFormat.byteTile(gather(keyFormat, entries, from, n, room.gathered()), room);
  }

  /** As {@link #readTile(int, float[])} with {@code entries[from .. from + n - 1]} in front. */
  public void readTile(int[] entries, int from, int n, float[] keys) {
    KeyFormat keyFormat = keyFormat();
    MemorySegment tile = MemorySegment.ofArray(new byte[ROWS * format.bytes()]);
    keyFormat.readTile(gather(keyFormat, entries, from, n, tile), keys);
  }

  private MemorySegment gather(
      KeyFormat keyFormat, int[] entries, int from, int n, MemorySegment tile) {
    byte[] key = new byte[format.bytes()];
    for (int j = 0; j < n; j++) {
      int entry = entries[from + j];
      keyFormat.copy(pages.get(entry / ROWS).memory, entry % ROWS, key, false);
      keyFormat.copy(tile, j, key, true);
    }
    return tile;
  }

  private KeyFormat keyFormat() {
    if (format instanceof KeyFormat keys) {
      return keys;
    }
    throw new IllegalStateException("rows of " + format + " are no index keys");
  }

  void truncate(int entries) {
    size = Math.min(size, entries);
    int keep = (size + ROWS - 1) / ROWS;
    while (pages.size() > keep) {
      pool.give(pages.removeLast());
    }
  }

  EntryLog fork() {
    EntryLog copy = new EntryLog(pool, format);
    for (Page page : pages) {
      copy.pages.add(pool.share(page));
    }
    copy.size = size;
    copy.truncate(size);
    return copy;
  }

  long bytes() {
    return (long) pages.size() * ROWS * format.bytes();
  }

  void pages(ObjLongConsumer<Object> to) {
    pages.forEach(page -> to.accept(page, page.memory.byteSize()));
  }

  void writeTo(DataOutputStream out) throws IOException {
    out.writeInt(size);
    for (int e = 0; e < size; e += ROWS) {
      int rows = Math.min(ROWS, size - e);
      format.save(pages.get(e / ROWS).memory, rows, out);
    }
  }

  void readFrom(DataInputStream in, int expected) throws IOException {
    int entries = in.readInt();
    if (entries != expected) {
      throw new IOException("holds " + entries + " compressed entries, expected " + expected);
    }
    reserve(entries);
    for (int e = 0; e < entries; e += ROWS) {
      int rows = Math.min(ROWS, entries - e);
      format.restore(pages.get(e / ROWS).memory, rows, in);
    }
    size = entries;
  }

  void release() {
    truncate(0);
  }
}
