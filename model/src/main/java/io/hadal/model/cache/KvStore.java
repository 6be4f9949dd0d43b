package io.hadal.model.cache;

import io.hadal.formats.FormatException;
import io.hadal.model.config.LayerConfig;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/** Owns the cache pages of all timelines of a model, under one budget; never owns the model. */
public final class KvStore implements AutoCloseable {
  private static final long MAGIC = 0x4844_4c4b_5630_3032L; // HDLKV002

  private final CacheLayout layout;
  private final PagePool pool;

  /**
   * @param budgetBytes most bytes all timelines may hold
   */
  public KvStore(CacheLayout layout, long budgetBytes) {
    this.layout = layout;
    this.pool = new PagePool(budgetBytes);
  }

  /**
   * An empty timeline over the given layers.
   *
   * @throws KvBudgetException when its fixed part does not fit
   */
  public SequenceCache open(List<LayerConfig> layers) {
    return SequenceCache.create(pool, layers, layout);
  }

  public CacheLayout layout() {
    return layout;
  }

  public long usedBytes() {
    return pool.usedBytes();
  }

  public long budgetBytes() {
    return pool.budget();
  }

  /**
   * Writes a timeline with a checksum; {@link #restore} takes it back on a model of the same shape.
   */
  public void snapshot(SequenceCache cache, List<LayerConfig> layers, OutputStream to)
      throws IOException {
    CRC32C crc = new CRC32C();
    DataOutputStream out = new DataOutputStream(new CheckedOutputStream(to, crc));
    out.writeLong(MAGIC);
    out.writeInt(shape(layers));
    cache.writeTo(out);
    out.flush();
    new DataOutputStream(to).writeLong(crc.getValue());
    to.flush();
  }

  /**
   * Reads a timeline.
   *
   * @throws FormatException when the bytes are damaged or belong to another shape or cache format
   */
  public SequenceCache restore(List<LayerConfig> layers, InputStream from, String source) {
    CRC32C crc = new CRC32C();
    SequenceCache cache = open(layers);
    boolean ok = false;
    try {
      DataInputStream in = new DataInputStream(new CheckedInputStream(from, crc));
      if (in.readLong() != MAGIC) {
        throw new FormatException(source, "is no snapshot of a timeline");
      }
      if (in.readInt() != shape(layers)) {
        throw new FormatException(
            source, "was taken with another model, cache format or step size");
      }
      cache.readFrom(in);
      if (new DataInputStream(from).readLong() != crc.getValue()) {
        throw new FormatException(source, "is damaged: checksum differs");
      }
      ok = true;
      return cache;
    } catch (EOFException e) {
      throw new FormatException(source, "ends too early", e);
    } catch (IOException e) {
      throw new FormatException(source, "cannot be restored: " + e.getMessage(), e);
    } finally {
      if (!ok) {
        cache.close();
      }
    }
  }

  private int shape(List<LayerConfig> layers) {
    StringBuilder text = new StringBuilder(layout.toString());
    for (LayerConfig layer : layers) {
      text.append('|').append(layer.kind()).append('+').append(layer.convolvedPast());
    }
    // String.hashCode is specified, so snapshots survive a restart.
    return text.toString().hashCode();
  }

  @Override
  public void close() {
    pool.close();
  }
}
