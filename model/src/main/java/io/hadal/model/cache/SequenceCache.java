package io.hadal.model.cache;

import io.hadal.model.config.LayerConfig;
import io.hadal.model.engram.CodeVocabulary;
import io.hadal.model.engram.StructuralFeatures;
import io.hadal.model.engram.StructuralTrace;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/** The cached state of one timeline: every layer's rows for positions below {@link #length()}. */
public final class SequenceCache implements AutoCloseable {
  private final CacheLayout layout;
  private final List<LayerCache> layers;
  private int length;
  // One above the highest position written since the last far cut: tells which ring slots still
  // hold
  // their row. Never further above the length than a near cut reaches.
  private int highWater;
  // Where the last far cut was; what lies before it is not all there any more.
  private int floor;
  private boolean closed;
  private int[] tokens = new int[64];
  private @Nullable StructuralTrace structure;
  // Layers behind the encoder hold rows from here on.
  private int decodedFrom;

  private SequenceCache(CacheLayout layout, List<LayerCache> layers) {
    this.layout = layout;
    this.layers = layers;
  }

  static SequenceCache create(PagePool pool, List<LayerConfig> configs, CacheLayout layout) {
    List<LayerCache> layers = new ArrayList<>();
    try {
      for (LayerConfig config : configs) {
        layers.add(LayerCache.create(pool, config, layout));
      }
    } catch (KvBudgetException e) {
      layers.forEach(LayerCache::release);
      throw e;
    }
    return new SequenceCache(layout, layers);
  }

  /** Positions processed so far. */
  public int length() {
    return length;
  }

  public LayerCache layer(int index) {
    return layers.get(index);
  }

  /** Most tokens one step may add. */
  public int stepTokens() {
    return layout.stepTokens();
  }

  /**
   * Announces a step of {@code count} tokens; {@link #commit} or {@link #abort} must follow.
   *
   * @param ids token ids, from {@code offset}
   */
  public void begin(int[] ids, int offset, int count) {
    if (closed) {
      throw new IllegalStateException("timeline is closed");
    }
    if (count < 1 || count > layout.stepTokens()) {
      throw new IllegalArgumentException(
          "a step takes 1.." + layout.stepTokens() + " tokens, not " + count);
    }
    if (tokens.length < length + count) {
      tokens = Arrays.copyOf(tokens, Math.max(length + count, 2 * tokens.length));
    }
    System.arraycopy(ids, offset, tokens, length, count);
    highWater = Math.max(highWater, length + count);
  }

  /** Token at a position of the timeline or of the step under way. */
  public int token(int position) {
    return tokens[position];
  }

  /**
   * Features of the positions of the step under way.
   *
   * @param vocabulary the model's
   * @param out {@code [count, }{@link StructuralFeatures#COUNT}{@code ]}
   */
  public void structure(CodeVocabulary vocabulary, int count, int[] out) {
    if (structure == null) {
      structure = new StructuralTrace(vocabulary);
    }
    structure.features(this::token, length, count, out);
  }

  public void commit(int tokens) {
    length += tokens;
  }

  /** First position whose rows the layers behind the encoder hold (V4.1 spec 4.4). */
  public int decodedFrom() {
    return decodedFrom;
  }

  /** As {@link #commit}, of a step that has run the encoder only. */
  public void commitEncoded(int tokens) {
    commit(tokens);
    decodedFrom = length;
  }

  /**
   * Forgets what a failed step has written. A long step may have overwritten rows that the old
   * length needs: then the timeline starts over at length 0 and its owner replays it.
   */
  public void abort() {
    truncate(canTruncate(length) ? length : 0);
  }

  /** True when {@link #truncate} to {@code newLength} needs no replay. */
  public boolean canTruncate(int newLength) {
    return newLength >= 0
        && newLength <= length
        && (newLength == 0 || newLength >= Math.max(floor, decodedFrom))
        && layers.stream().allMatch(l -> l.holds(newLength, highWater));
  }

  /**
   * Cuts the timeline.
   *
   * @throws IllegalArgumentException unless {@link #canTruncate}
   */
  public void truncate(int newLength) {
    if (!canTruncate(newLength)) {
      throw new IllegalArgumentException(
          "cannot cut a timeline of " + length + " positions to " + newLength);
    }
    layers.forEach(l -> l.truncate(newLength));
    if (structure != null) {
      structure.truncate(newLength);
    }
    length = newLength;
    if (highWater - newLength > layout.rollback()) {
      // What longer timelines need is there or will be written again.
      highWater = newLength;
      floor = newLength;
    }
    if (newLength == 0) {
      highWater = 0;
      floor = 0;
      decodedFrom = 0;
    }
  }

  /** An independent copy; finished entries are shared until one side writes. */
  public SequenceCache fork() {
    List<LayerCache> copies = new ArrayList<>();
    try {
      for (LayerCache layer : layers) {
        copies.add(layer.fork());
      }
    } catch (KvBudgetException e) {
      copies.forEach(LayerCache::release);
      throw e;
    }
    SequenceCache copy = new SequenceCache(layout, copies);
    copy.length = length;
    copy.highWater = highWater;
    copy.floor = floor;
    copy.decodedFrom = decodedFrom;
    copy.tokens = tokens.clone();
    copy.structure = structure == null ? null : structure.fork();
    return copy;
  }

  /** Bytes held, shared pages counted in full. */
  public long bytes() {
    return layers.stream().mapToLong(LayerCache::bytes).sum();
  }

  /** Names every page and its bytes; forks share some of them. */
  public void pages(ObjLongConsumer<Object> to) {
    layers.forEach(layer -> layer.pages(to));
  }

  void writeTo(DataOutputStream out) throws IOException {
    out.writeInt(length);
    out.writeInt(highWater);
    out.writeInt(floor);
    out.writeInt(decodedFrom);
    for (int i = 0; i < length; i++) {
      out.writeInt(tokens[i]);
    }
    for (LayerCache layer : layers) {
      layer.writeTo(out);
    }
  }

  void readFrom(DataInputStream in) throws IOException {
    length = in.readInt();
    highWater = in.readInt();
    floor = in.readInt();
    decodedFrom = in.readInt();
    if (length < 0
        || highWater < length
        || floor < 0
        || floor > length
        || decodedFrom < 0
        || decodedFrom > length) {
      throw new IOException("impossible length " + length);
    }
    for (int i = 0; i < length; i++) {
      if (i == tokens.length) {
        tokens = Arrays.copyOf(tokens, Math.min(length, 2 * tokens.length));
      }
      tokens[i] = in.readInt();
    }
    for (LayerCache layer : layers) {
      layer.readFrom(in, length);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      layers.forEach(LayerCache::release);
    }
  }
}
