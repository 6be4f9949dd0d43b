package io.hadal.model.cache;

import io.hadal.model.config.LayerConfig;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What one layer keeps of a timeline (spec 3.6, 4.6). */
public final class LayerCache {
  private final LayerConfig layer;
  private final CacheLayout layout;
  private final RowRing window;
  private final @Nullable Stream main;
  private final @Nullable Stream index;

  /**
   * A compressed stream.
   *
   * @param entries finished entries
   * @param tail raw values and gates of the last positions, {@code [values | gates]}
   */
  public record Stream(EntryLog entries, RowRing tail) {
    private Stream fork() {
      return new Stream(entries.fork(), tail.fork());
    }

    private void release() {
      entries.release();
      tail.release();
    }
  }

  private LayerCache(
      LayerConfig layer,
      CacheLayout layout,
      RowRing window,
      @Nullable Stream main,
      @Nullable Stream index) {
    this.layer = layer;
    this.layout = layout;
    this.window = window;
    this.main = main;
    this.index = index;
  }

  static LayerCache create(PagePool pool, LayerConfig layer, CacheLayout layout) {
    return new LayerCache(
        layer,
        layout,
        new RowRing(pool, layout.rows(), layout.windowCapacity()),
        layer.ratio() == 0 ? null : stream(pool, layer, layout, layout.rows()),
        layer.indexed() ? stream(pool, layer, layout, layout.indexRows()) : null);
  }

  private static Stream stream(
      PagePool pool, LayerConfig layer, CacheLayout layout, RowFormat rows) {
    return new Stream(
        new EntryLog(pool, rows),
        new RowRing(pool, layout.tailFormat(layer, rows.width()), layout.tailCapacity(layer)));
  }

  public RowRing window() {
    return window;
  }

  /** Compressed key-value entries; null in window-only layers. */
  public @Nullable Stream main() {
    return main;
  }

  /** Index keys; null without an indexer. */
  public @Nullable Stream index() {
    return index;
  }

  /** True when every row that a timeline of {@code length} needs is still in its ring. */
  boolean holds(int length, int highWater) {
    int firstWindow = Math.max(0, length - layout.window() + 1);
    if (firstWindow < length && firstWindow < highWater - window.capacity()) {
      return false;
    }
    if (layer.ratio() == 0) {
      return true;
    }
    int group = length - length % layer.ratio();
    int firstTail = Math.max(0, group - (layer.compressorHalves() - 1) * layer.ratio());
    return firstTail >= length || firstTail >= highWater - layout.tailCapacity(layer);
  }

  void truncate(int length) {
    if (main != null) {
      main.entries.truncate(length / layer.ratio());
    }
    if (index != null) {
      index.entries.truncate(length / layer.ratio());
    }
  }

  LayerCache fork() {
    return new LayerCache(
        layer,
        layout,
        window.fork(),
        main == null ? null : main.fork(),
        index == null ? null : index.fork());
  }

  long bytes() {
    long bytes = window.bytes();
    for (Stream s : new @Nullable Stream[] {main, index}) {
      if (s != null) {
        bytes += s.entries.bytes() + s.tail.bytes();
      }
    }
    return bytes;
  }

  void writeTo(DataOutputStream out) throws IOException {
    window.writeTo(out);
    for (Stream s : new @Nullable Stream[] {main, index}) {
      if (s != null) {
        s.entries.writeTo(out);
        s.tail.writeTo(out);
      }
    }
  }

  void readFrom(DataInputStream in, int length) throws IOException {
    window.readFrom(in);
    for (Stream s : new @Nullable Stream[] {main, index}) {
      if (s != null) {
        s.entries.readFrom(in, length / layer.ratio());
        s.tail.readFrom(in);
      }
    }
  }

  void release() {
    window.release();
    for (Stream s : new @Nullable Stream[] {main, index}) {
      if (s != null) {
        s.release();
      }
    }
  }
}
