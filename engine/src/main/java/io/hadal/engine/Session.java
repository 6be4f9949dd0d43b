package io.hadal.engine;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.OwnerOnly;
import io.hadal.model.cache.KvBudgetException;
import io.hadal.model.cache.KvStore;
import io.hadal.model.cache.SequenceCache;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.weights.Adapter;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.ObjLongConsumer;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * One timeline: its tokens, their cached state and the logits behind the last of them. A session is
 * used by one thread at a time; different sessions may be used at once.
 */
public final class Session implements AutoCloseable {
  private static final long MAGIC = 0x4844_4c53_4553_3033L; // HDLSES03

  private final Engine engine;
  private SequenceCache cache;
  private @Nullable SequenceCache draftCache;
  private int[] tokens = new int[64];
  private int length;
  private float @Nullable [] logits;
  // Trunk streams of the positions the drafter has not taken in yet.
  private float[] pending = new float[0];
  private int pendingRows;

  Session(Engine engine) {
    this.engine = engine;
    this.cache = engine.openTrunk();
    try {
      this.draftCache = engine.openDrafter();
    } catch (KvBudgetException e) {
      cache.close();
      throw e;
    }
  }

  private Session(Session from) {
    this.engine = from.engine;
    this.cache = from.cache.fork();
    try {
      this.draftCache = from.draftCache == null ? null : from.draftCache.fork();
    } catch (KvBudgetException e) {
      cache.close();
      throw e;
    }
    this.tokens = from.tokens.clone();
    this.length = from.length;
    this.logits = from.logits == null ? null : from.logits.clone();
    this.pending = from.pending.clone();
    this.pendingRows = from.pendingRows;
  }

  Engine engine() {
    return engine;
  }

  public int length() {
    return length;
  }

  /** The tokens so far. */
  public int[] tokens() {
    return Arrays.copyOf(tokens, length);
  }

  /**
   * Takes tokens in, in steps of any size with the same result, and returns the logits behind the
   * last one.
   *
   * @throws IllegalArgumentException for an id outside the vocabulary or a timeline beyond the
   *     context
   */
  public float[] append(int... more) {
    int encoded =
        engine.options().boundedReplay() ? more.length - config().attention().window() : 0;
    int before = length;
    float[] logitsBefore = logits;
    boolean done = false;
    try {
      if (encoded > 0) {
        check(more);
        engine.run(List.of(Work.encode(this, Arrays.copyOf(more, encoded))));
      }
      Work work =
          new Work(this, Arrays.copyOfRange(more, Math.max(0, encoded), more.length), false);
      engine.run(List.of(work));
      done = true;
      return work.logits()[0];
    } finally {
      if (!done && encoded > 0) {
        takeBack(before, logitsBefore);
      }
    }
  }

  /** As {@link #append}, with the logits behind every token. */
  public float[][] appendAll(int... more) {
    Work work = new Work(this, more, true);
    engine.run(List.of(work));
    return work.logits();
  }

  float @Nullable [] lastLogits() {
    return logits;
  }

  /** True when the logits behind the last token are known. */
  public boolean hasLogits() {
    return logits != null;
  }

  /** Logits behind the last token. */
  public float[] logits() {
    if (logits == null) {
      throw new IllegalStateException("an empty session has no logits");
    }
    return logits;
  }

  /** An independent continuation of this timeline. */
  public Session fork() {
    return new Session(this);
  }

  /**
   * Cuts the timeline to its first tokens; state and logits are those of a session that never saw
   * the rest. Far cuts replay the kept tokens.
   */
  public void truncate(int newLength) {
    if (newLength < 0 || newLength > length) {
      throw new IllegalArgumentException("cannot cut " + length + " tokens to " + newLength);
    }
    if (newLength == length) {
      return;
    }
    int[] kept = Arrays.copyOf(tokens, newLength);
    // The last kept token runs again: it gives the logits and the drafter's input.
    int from = Math.max(0, newLength - 1);
    if (draftCache != null) {
      from = Math.min(from, draftCache.length());
    }
    reset(from);
    if (newLength > length) {
      append(Arrays.copyOfRange(kept, length, newLength));
    }
  }

  /**
   * True when {@link #rewind} to a shorter length is possible. The state of a drafter of single
   * tokens depends on the token behind it, so it is not possible with one.
   */
  public boolean canRewind(int to) {
    return to >= 0 && to < length && cache.canTruncate(to) && draftCanRewind(to);
  }

  private boolean draftCanRewind(int to) {
    return draftCache == null || (config().blockDraft() != null && draftCache.canTruncate(to));
  }

  /**
   * Cuts the timeline without computing anything; there are no logits until tokens are taken in.
   *
   * @throws IllegalArgumentException unless {@link #canRewind}
   */
  public void rewind(int to) {
    if (!canRewind(to)) {
      throw new IllegalArgumentException("cannot rewind " + length + " tokens to " + to);
    }
    reset(to);
  }

  /** Cuts every cache to a length, or to nothing when one of them cannot. */
  private void reset(int to) {
    SequenceCache draft = draftCache;
    boolean cut = cache.canTruncate(to) && (draft == null || draft.canTruncate(to));
    length = cut ? to : 0;
    cache.truncate(length);
    if (draft != null) {
      draft.truncate(length);
    }
    logits = null;
    pendingRows = 0;
  }

  /**
   * Takes guesses of the last {@link Work#guess} back.
   *
   * @param count how many, from the end
   * @param logitsBefore logits behind the last token that stays
   */
  public void reject(int count, float[] logitsBefore) {
    length -= count;
    cache.truncate(length);
    if (pendingRows > 0) {
      pendingRows -= count;
    } else if (draftCache != null) {
      draftCache.truncate(length);
    }
    logits = logitsBefore;
  }

  /** Returns to an earlier length whose logits are known; {@link #check} mends caches cut short. */
  void takeBack(int earlier, float @Nullable [] logitsBefore) {
    if (length != earlier || cache.length() != earlier) {
      reset(Math.min(earlier, cache.length()));
    }
    length = earlier;
    logits = logitsBefore;
  }

  /** Writes tokens and state to a file, whole or not at all. */
  public void snapshot(Path file) throws IOException {
    AtomicFiles.write(file, this::snapshot, OwnerOnly.file());
  }

  /** Writes tokens and state with a checksum. */
  public void snapshot(OutputStream to) throws IOException {
    CheckedOutputStream raw = new CheckedOutputStream(to, new CRC32C());
    DataOutputStream out = new DataOutputStream(raw);
    out.writeLong(MAGIC);
    out.writeInt(identity());
    out.writeInt(length);
    for (int i = 0; i < length; i++) {
      out.writeInt(tokens[i]);
    }
    writeFloats(out, logits == null ? new float[0] : logits);
    writeFloats(out, Arrays.copyOf(pending, pendingRows * streamWidth()));
    out.flush();
    KvStore store = engine.store();
    store.snapshot(cache, layers(), raw);
    if (draftCache != null) {
      store.snapshot(draftCache, draftLayers(), raw);
    }
    new DataOutputStream(to).writeLong(raw.getChecksum().getValue());
  }

  /**
   * Replaces tokens and state by those of a snapshot of the same model, mode and options.
   *
   * @throws FormatException when the file is damaged or does not fit this engine; the session is
   *     unchanged
   */
  public void restore(Path file) throws IOException {
    try (InputStream from = new BufferedInputStream(Files.newInputStream(file))) {
      restore(from, file.toString(), Files.size(file));
    }
  }

  /**
   * As {@link #restore(Path)}, from a stream that holds nothing behind the snapshot.
   *
   * @param size most bytes that can follow
   */
  public void restore(InputStream from, String source, long size) throws IOException {
    try {
      CheckedInputStream raw = new CheckedInputStream(from, new CRC32C());
      DataInputStream in = new DataInputStream(raw);
      if (in.readLong() != MAGIC) {
        throw new FormatException(source, "is no snapshot of a session");
      }
      if (in.readInt() != identity()) {
        throw new FormatException(source, "was taken with another model, mode or drafter");
      }
      int count = in.readInt();
      if (count < 0 || count > engine.options().context() || 4L * count > size) {
        throw new FormatException(source, "holds " + count + " tokens, beyond the context");
      }
      int[] restored = new int[Math.max(64, count)];
      for (int i = 0; i < count; i++) {
        restored[i] = in.readInt();
      }
      float[] lastLogits = readFloats(in, source, config().vocabSize());
      float[] streams = readFloats(in, source, engine.options().stepTokens() * streamWidth());
      KvStore store = engine.store();
      SequenceCache trunk = store.restore(layers(), raw, source);
      SequenceCache draft = null;
      boolean ok = false;
      try {
        draft = draftCache == null ? null : store.restore(draftLayers(), raw, source);
        if (trunk.length() != count
            || (lastLogits.length != 0 && lastLogits.length != config().vocabSize())
            || streams.length % streamWidth() != 0) {
          throw new FormatException(source, "is inconsistent");
        }
        for (int i = 0; i < count; i++) {
          if (restored[i] < 0
              || restored[i] >= config().vocabSize()
              || restored[i] != trunk.token(i)) {
            throw new FormatException(source, "holds token " + restored[i]);
          }
        }
        if (new DataInputStream(from).readLong() != raw.getChecksum().getValue()
            || from.read() >= 0) {
          throw new FormatException(source, "is damaged: checksum differs");
        }
        ok = true;
      } finally {
        if (!ok) {
          trunk.close();
          if (draft != null) {
            draft.close();
          }
        }
      }
      close();
      cache = trunk;
      draftCache = draft;
      tokens = restored;
      length = count;
      logits = lastLogits.length == 0 ? null : lastLogits;
      pending = streams;
      pendingRows = streams.length / streamWidth();
    } catch (java.io.EOFException e) {
      throw new FormatException(source, "ends too early", e);
    }
  }

  /**
   * Tells models, modes, cache formats and drafters apart, as far as that is possible without
   * reading weights.
   */
  private int identity() {
    Adapter adapter = engine.model().adapter();
    return List.of(
            config() + (adapter == null ? "" : adapter.hash()),
            engine.options().mode().name() + engine.store().layout(),
            draftCache != null,
            Arrays.hashCode(engine.model().weights().head().norm()))
        .hashCode();
  }

  private static void writeFloats(DataOutputStream out, float[] values) throws IOException {
    out.writeInt(values.length);
    for (float v : values) {
      out.writeFloat(v);
    }
  }

  private static float[] readFloats(DataInputStream in, String source, int limit)
      throws IOException {
    int n = in.readInt();
    if (n < 0 || n > limit) {
      throw new FormatException(source, "holds a list of " + n + " numbers");
    }
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = in.readFloat();
    }
    return values;
  }

  private ModelConfig config() {
    return engine.model().config();
  }

  int hiddenSize() {
    return config().hiddenSize();
  }

  private int streamWidth() {
    return config().streamWidth();
  }

  private List<LayerConfig> layers() {
    return config().layers();
  }

  private List<LayerConfig> draftLayers() {
    return config().draftLayers();
  }

  /** Names what it holds in memory, with its bytes; forks share some of it. */
  public void memory(ObjLongConsumer<Object> to) {
    cache.pages(to);
    if (draftCache != null) {
      draftCache.pages(to);
    }
    long floats = (long) pending.length + (logits == null ? 0 : logits.length);
    to.accept(this, 4 * (floats + tokens.length + length));
  }

  /** Bytes of cached state. */
  public long cacheBytes() {
    return cache.bytes() + (draftCache == null ? 0 : draftCache.bytes());
  }

  @Override
  public void close() {
    cache.close();
    if (draftCache != null) {
      draftCache.close();
    }
  }

  SequenceCache cache() {
    return cache;
  }

  SequenceCache draftCache() {
    return Objects.requireNonNull(draftCache);
  }

  void check(int[] more) {
    if (more.length == 0) {
      throw new IllegalArgumentException("no tokens given");
    }
    int vocab = config().vocabSize();
    for (int id : more) {
      if (id < 0 || id >= vocab) {
        throw new IllegalArgumentException(
            "token id " + id + " is outside the vocabulary of " + vocab);
      }
      if (id == config().imageId() && !engine.options().plainImageIds()) {
        throw new IllegalArgumentException(
            "token id " + id + " stands for an image, but no image was given");
      }
    }
    int limit = engine.options().context();
    if (more.length > limit - length) {
      throw new IllegalArgumentException(
          length
              + " + "
              + more.length
              + " tokens exceed the context of "
              + limit
              + "; raise --context or send less");
    }
    if (cache.length() != length
        || (draftCache != null && draftCache.length() + pendingRows != length)) {
      // A failed step threw the state away; the tokens are still here.
      int[] all = Arrays.copyOf(tokens, length);
      reset(0);
      if (all.length > 0) {
        append(all);
      }
    }
  }

  void advance(int[] more, int from, int count) {
    if (tokens.length < length + count) {
      tokens = Arrays.copyOf(tokens, Math.max(length + count, tokens.length * 2));
    }
    System.arraycopy(more, from, tokens, length, count);
    length += count;
    logits = null;
  }

  void setLogits(float[] last) {
    logits = last;
  }

  void keepStreams(float[] streams, int rows) {
    int width = streamWidth();
    if (pending.length < (pendingRows + rows) * width) {
      pending = Arrays.copyOf(pending, (pendingRows + rows) * width);
    }
    System.arraycopy(streams, 0, pending, pendingRows * width, rows * width);
    pendingRows += rows;
  }

  int pendingRows() {
    return pendingRows;
  }

  float[] pendingStreams() {
    return pending;
  }

  void dropStreams(int rows) {
    int width = streamWidth();
    System.arraycopy(pending, rows * width, pending, 0, (pendingRows - rows) * width);
    pendingRows -= rows;
  }

  /** Tokens behind the pending positions, as far as they are known. */
  int[] nextTokens(int count) {
    int first = length - pendingRows + 1;
    return Arrays.copyOfRange(tokens, first, first + count);
  }
}
