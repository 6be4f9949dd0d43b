package io.hadal.model.cache;

import io.hadal.model.config.LayerConfig;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/** What one layer keeps of a timeline (spec 3.6, 4.6). */
public final class LayerCache {
  private final LayerConfig layer;
  private final CacheLayout layout;
  private final RowRing window;
  private final @Nullable Stream main;
  private final @Nullable Stream index;
  private final @Nullable RowRing convolved;

  /**
   * A compressed stream.
   *
   * @param entries finished entries
   * @param tail raw values and gates of the last positions, {@code [values | gates]}; null when the
   *     entries are made from another stream
   */
  public record Stream(EntryLog entries, @Nullable RowRing tail) {
    private Stream fork() {
      // The tail first: only it can fail, for want of memory.
      RowRing tailCopy = tail == null ? null : tail.fork();
      return new Stream(entries.fork(), tailCopy);
    }

    private long bytes() {
      return entries.bytes() + (tail == null ? 0 : tail.bytes());
    }

    private void release() {
      entries.release();
      if (tail != null) {
        tail.release();
      }
    }
  }

  private LayerCache(
      LayerConfig layer,
      CacheLayout layout,
      RowRing window,
      @Nullable Stream main,
      @Nullable Stream index,
      @Nullable RowRing convolved) {
    this.layer = layer;
    this.layout = layout;
    this.window = window;
    this.main = main;
    this.index = index;
    this.convolved = convolved;
  }

  static LayerCache create(PagePool pool, LayerConfig layer, CacheLayout layout) {
    RowRing window = new RowRing(pool, layout.windowRows(), layout.windowCapacity());
    Stream main = null;
    Stream index = null;
    try {
      main = layer.compresses() ? stream(pool, layer, layout, layout.entryRows(), true) : null;
      index =
          layer.makesIndexKeys()
              ? stream(pool, layer, layout, layout.indexRows(), layout.indexTails())
              : null;
      RowRing convolved =
          layer.convolvedPast() == 0
              ? null
              : new RowRing(pool, layout.streamRows(), layout.convolutionCapacity(layer));
      return new LayerCache(layer, layout, window, main, index, convolved);
    } catch (KvBudgetException e) {
      release(window, main, index);
      throw e;
    }
  }

  private static void release(RowRing window, @Nullable Stream... streams) {
    window.release();
    for (Stream s : streams) {
      if (s != null) {
        s.release();
      }
    }
  }

  private static Stream stream(
      PagePool pool, LayerConfig layer, CacheLayout layout, RowFormat rows, boolean tail) {
    return new Stream(
        new EntryLog(pool, rows),
        tail
            ? new RowRing(pool, layout.tailFormat(layer, rows.width()), layout.tailCapacity(layer))
            : null);
  }

  public RowRing window() {
    return window;
  }

  /** Compressed key-value entries; null in layers that make none. */
  public @Nullable Stream main() {
    return main;
  }

  /** Index keys; null in layers that make none. */
  public @Nullable Stream index() {
    return index;
  }

  /** Normalised n-gram values of the last positions; null without a convolution. */
  public @Nullable RowRing convolved() {
    return convolved;
  }

  /** True when every row that a timeline of {@code length} needs is still in its ring. */
  boolean holds(int length, int highWater) {
    int firstWindow = Math.max(0, length - layout.window() + 1);
    if (firstWindow < length && firstWindow < highWater - window.capacity()) {
      return false;
    }
    int firstConvolved = Math.max(0, length - layer.convolvedPast());
    if (firstConvolved < length
        && convolved != null
        && firstConvolved < highWater - convolved.capacity()) {
      return false;
    }
    if (!layer.compresses()) {
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
    RowRing windowCopy = window.fork();
    Stream mainCopy = null;
    Stream indexCopy = null;
    try {
      mainCopy = main == null ? null : main.fork();
      indexCopy = index == null ? null : index.fork();
      RowRing convolvedCopy = convolved == null ? null : convolved.fork();
      return new LayerCache(layer, layout, windowCopy, mainCopy, indexCopy, convolvedCopy);
    } catch (KvBudgetException e) {
      release(windowCopy, mainCopy, indexCopy);
      throw e;
    }
  }

  long bytes() {
    long bytes = window.bytes() + (convolved == null ? 0 : convolved.bytes());
    for (Stream s : new @Nullable Stream[] {main, index}) {
      if (s != null) {
        bytes += s.bytes();
      }
    }
    return bytes;
  }

  void pages(ObjLongConsumer<Object> to) {
    window.pages(to);
    if (convolved != null) {
      convolved.pages(to);
    }
    for (Stream s : new @Nullable Stream[] {main, index}) {
      if (s != null) {
        s.entries.pages(to);
        if (s.tail != null) {
          s.tail.pages(to);
        }
      }
    }
  }

  void writeTo(DataOutputStream out) throws IOException {
    window.writeTo(out);
    if (convolved != null) {
      convolved.writeTo(out);
    }
    for (Stream s : new @Nullable Stream[] {main, index}) {
      if (s != null) {
        s.entries.writeTo(out);
        if (s.tail != null) {
          s.tail.writeTo(out);
        }
      }
    }
  }

  void readFrom(DataInputStream in, int length) throws IOException {
    window.readFrom(in);
    if (convolved != null) {
      convolved.readFrom(in);
    }
    for (Stream s : new @Nullable Stream[] {main, index}) {
      if (s != null) {
        s.entries.readFrom(in, length / layer.ratio());
        if (s.tail != null) {
          s.tail.readFrom(in);
        }
      }
    }
  }

  void release() {
    release(window, main, index);
    if (convolved != null) {
      convolved.release();
    }
  }
}
